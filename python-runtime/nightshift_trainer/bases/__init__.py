"""Base models: starter, SmolLM2 or a local folder; each a plain transformers folder with a hash.
Promises: a base appears complete or not at all; the same seed gives the same starter.
Never: loads pickles, runs a model's own code, changes the folder that a base came from."""
