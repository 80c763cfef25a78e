"""Staging: creates the first checkpoint of a new branch next to the existing ones.

Guarantees: the branch's folder appears complete, by one rename, after every byte was verified.
Never: changes or removes the source, shares disk blocks with a backup, imports torch.
"""
