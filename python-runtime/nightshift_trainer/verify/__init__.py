"""What the next start would resume from, found by reading every byte.

Promises: the walk is the trainer's own; nothing is changed. Never: imports torch, takes a lock.
"""
