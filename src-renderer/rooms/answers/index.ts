/**
 * Answers: what the model answered in an evaluation, as a table.
 * Promises: wrong answers first; an answer that a limit cut off is unfinished, never wrong.
 * Never: shows the answers of another step than the one that is named.
 */
export { AnswersDialog, VersionAnswersDialog } from './answers-dialog.tsx';
export { ComparedAnswers } from './compared-answers.tsx';
