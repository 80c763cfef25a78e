"""Training: one pass over one dataset, from the newest verified checkpoint to an outcome.

Guarantees: resuming from a checkpoint is bitwise identical to an uninterrupted run; the ledger
lists every row that the model received.
Never: reads batches in order to skip them, computes loss on an unlabeled token, resets the
learning rate between datasets.
"""
