"""Training: one pass of one dataset, from the newest verified checkpoint to an outcome.

Promises: a run repeated from a checkpoint is bitwise the same; the ledger names each row fed.
Never: skips batches by reading them, trains a token without a label, changes the learning rate.
"""
