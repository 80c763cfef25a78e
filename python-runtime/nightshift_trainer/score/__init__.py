"""Scoring: a model folder, a file of questions, right answers counted.
Promises: the same code, questions and limits before and after training.
Never: calls an answer wrong that a limit cut off, decides by similarity."""
