"""Intake: reads, validates, renders and tokenizes a data file, once.
Promises: every record is accounted for by its row; memory does not grow with the file.
Never: imports torch, changes the data file, truncates a row unless the policy says so."""
