/** The answers before and after a pass that the scripted engine reports. */
import type { BeforeAndAfter, DatasetSummary } from '../../../src-main/contract/index.ts';

const QUESTIONS = [
  ['Turn the kitchen light on', '{"device": "light", "room": "kitchen", "state": "on"}'],
  ['Set the bedroom to 21 degrees', '{"device": "heating", "room": "bedroom", "degrees": 21}'],
  ['Close the blinds in the study', '{"device": "blinds", "room": "study", "state": "closed"}'],
] as const;

export function answersOf(dataset: DatasetSummary): BeforeAndAfter {
  if (dataset.place !== 'completed') return { before: null, after: null, answers: [] };
  return {
    before: { step: 0, k: 0, n: QUESTIONS.length, unfinished: 1 },
    after: { step: 70, k: 3, n: QUESTIONS.length, unfinished: 0 },
    answers: QUESTIONS.map(([prompt, expected], index) => {
      const shared = { row: index + 1, prompt, expected };
      const before = 'I can help you with that. Which one do you mean?';
      return {
        ...shared,
        before: { ...shared, produced: before, matches: false, finished: index > 0 },
        after: { ...shared, produced: expected, matches: true, finished: true },
      };
    }),
  };
}
