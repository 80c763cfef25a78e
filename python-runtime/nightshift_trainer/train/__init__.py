"""Training: one pass of one dataset, from the newest verified checkpoint to an outcome.

Promises: a run that is repeated from a checkpoint is bitwise the same; no row is fed that the ledger does not name.
Never: skips batches by reading them, trains a token that is not labelled, changes the learning rate by itself.
"""
