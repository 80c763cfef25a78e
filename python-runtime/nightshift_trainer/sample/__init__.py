"""The sample dataset, generated from templates.
Promises: the same seed gives the same rows; no held-out question is in the training rows.
Never: downloads anything."""
