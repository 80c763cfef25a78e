"""Finds the checkpoint that the next start would resume from, by reading every byte.

Guarantees: uses the trainer's own discovery; changes nothing. Never: imports torch, takes a lock.
"""
