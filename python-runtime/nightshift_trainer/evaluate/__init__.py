"""Evaluation: asks a model the questions of a file and counts the correct answers.
Promises: the same code, questions and limits before and after training.
Never: counts an answer that reached the token limit as wrong, scores by similarity."""
