"""The sample dataset, written by a recipe.
Promises: the same seed gives the same rows; no held-out question is among the training rows.
Never: downloads anything."""
