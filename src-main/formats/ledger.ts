/**
 * `ledger.jsonl` of a dataset: which rows each step trained, hashed from what the model was given.
 */
import { z } from 'zod';
import { defineLines, isObject, parseJson, renamed } from './document.ts';
import { choice, count, integer, rowNumbers, text, time } from './fields.ts';

export const ledgerStep = renamed(
  { fed: 'batch_hash' },
  z.object({
    branch: text('Branch name').default('main'),
    run: text('Run id').default(''),
    step: integer('Step of the branch'),
    epoch: integer('Epoch, from 0').default(0),
    rows: rowNumbers('Rows of the batch; a row that makes several examples is named for each'),
    trained_tokens: count('Tokens that count toward the loss').default(0),
    batch_hash: text(
      'xxh3-64 over int32 ids, then uint8 labels, of the examples in the order of `rows`, taken ' +
        'from the tensors that the model was given',
    ).default(''),
    position: integer('Rows of the pass that are done').default(0),
    refused: choice(
      ['loss', 'gradient'],
      'The loss or gradient was NaN or Inf: the weights did not change',
    ).optional(),
  }),
);
export type LedgerStep = z.infer<typeof ledgerStep>;

export const ledgerLoss = z.object({
  lost_after: integer('Earlier lines of the branch with a larger step are lost'),
  branch: text('Branch name').default('main'),
  run: text('Run that found it').default(''),
  t: time('When it was found').default(0),
});
export type LedgerLoss = z.infer<typeof ledgerLoss>;

export const ledgerFile = defineLines({
  name: 'ledger.jsonl',
  damaged: 'The line is skipped; the trainer removes a cut last line',
  group: 'dataset',
  writer: 'trainer',
  description: 'One line per step, and one for each time that steps were lost',
  schema: z.union([ledgerLoss, ledgerStep]),
});

/** What the account of rows needs of a line. */
export type LedgerEntry =
  | {
      readonly kind: 'step';
      readonly branch: string;
      readonly step: number;
      readonly rows: readonly number[];
      readonly isRefused: boolean;
    }
  | { readonly kind: 'lost'; readonly branch: string; readonly after: number };

/** Where a step ended in its pass: rows that are done, over all epochs. */
export interface LedgerPlace {
  readonly position: number;
  readonly epoch: number;
}

/** Without the schema: a ledger has a hundred thousand lines. Null for a line of another shape. */
export function parseLedgerLine(line: string): LedgerEntry | null {
  return parseLedgerPlace(line)?.entry ?? null;
}

export function parseLedgerPlace(
  line: string,
): { readonly entry: LedgerEntry; readonly place: LedgerPlace } | null {
  const parsed = parseJson(line);
  if (!parsed.ok || !isObject(parsed.value)) return null;
  const entry = entryOf(parsed.value);
  if (entry === null) return null;
  const { position, epoch } = parsed.value;
  return {
    entry,
    place: {
      position: typeof position === 'number' ? position : 0,
      epoch: typeof epoch === 'number' ? epoch : 0,
    },
  };
}

function entryOf(value: Record<string, unknown>): LedgerEntry | null {
  const { branch: named, step, rows, lost_after: after, refused } = value;
  const branch = typeof named === 'string' ? named : 'main';
  if (typeof after === 'number') return { kind: 'lost', branch, after };
  if (typeof step !== 'number' || !Array.isArray(rows)) return null;
  return {
    kind: 'step',
    branch,
    step,
    rows: rows.filter((row): row is number => typeof row === 'number'),
    isRefused: typeof refused === 'string',
  };
}
