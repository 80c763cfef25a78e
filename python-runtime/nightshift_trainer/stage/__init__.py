"""Staging: the first checkpoint of a new branch, made beside everything that is there.

Promises: the branch's folder appears whole by one rename, and every byte of it was read.
Never: changes or removes what it stages from, shares a block with a backup, imports torch.
"""
