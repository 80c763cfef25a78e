"""Intake: reads, checks, renders and tokenises one file, once.
Promises: every record is accounted for by its row; memory does not grow with the file.
Never: imports torch, changes the data file, cuts a row unless the policy says so."""
