/** The result of the demo, and its text. Pure. */
import type { Score } from './demo-workers.ts';
import { count, decimal } from './format.ts';

export interface DemoResult {
  readonly model: string;
  readonly shuffled: boolean;
  readonly workspace: string;
  readonly rows: {
    readonly accepted: number;
    readonly held_out: number;
    readonly trained: number;
    readonly questions: number;
    /**
     * Test questions that also occur in the training file after normalization; more than 0 fails
     * the demo.
     */
    readonly leaked: number;
  };
  readonly steps: number;
  readonly validation: {
    readonly first: number | null;
    readonly last: number | null;
  };
  readonly before: Omit<Score, 'answers'>;
  readonly after: Omit<Score, 'answers'>;
  readonly answers: readonly {
    readonly prompt: string;
    readonly expected: string;
    readonly before: string;
    readonly after: string;
  }[];
  readonly checkpoint: string | null;
  readonly version: string;
  readonly seconds: { readonly set_up: number; readonly run: number; readonly training: number };
}

/**
 * Lowercase, single spaces, no punctuation at the ends, so that trivially different questions
 * compare equal.
 */
export function normalized(text: string): string {
  return text
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/^[\s\p{P}]+|[\s\p{P}]+$/gu, '');
}

const scoreText = (score: Omit<Score, 'answers'>): string =>
  `${count(score.k)} of ${count(score.n)} (95 %: ${decimal(score.low * 100, 0)} to ${decimal(score.high * 100, 0)} %)`;

const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line === '' ? '(empty)' : line.length > 110 ? `${line.slice(0, 107)}...` : line;
};

export function demoText(result: DemoResult): string {
  const { rows, seconds, validation } = result;
  const lines = [
    '',
    `model             ${result.model}${result.shuffled ? ', answers shuffled (control)' : ''}`,
    `rows              ${count(rows.accepted)} accepted, ${count(rows.held_out)} held out, ${count(rows.trained)} trained`,
    `test questions    ${count(rows.questions)}, ${count(rows.leaked)} of them in the training file`,
    `steps             ${count(result.steps)}`,
    `fixed set         validation loss ${decimal(validation.first)} first, ${decimal(validation.last)} last`,
    `exact match       ${scoreText(result.before)} before`,
    `                  ${scoreText(result.after)} after`,
    '',
    ...result.answers.flatMap((answer) => [
      `question          ${oneLine(answer.prompt)}`,
      `  expected        ${oneLine(answer.expected)}`,
      `  before          ${oneLine(answer.before)}`,
      `  after           ${oneLine(answer.after)}`,
    ]),
    '',
    `checkpoint        ${result.checkpoint ?? 'unknown'}`,
    `version           ${result.version}`,
    `seconds           ${decimal(seconds.run, 1)} from drop to evaluated version (training ${decimal(seconds.training, 1)}), plus ${decimal(seconds.set_up, 1)} for model setup`,
  ];
  return `${lines.join('\n')}\n`;
}
