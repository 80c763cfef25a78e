"""Nightshift in Python: the trainer and the workers. Entry: `python -m nightshift_trainer`."""
