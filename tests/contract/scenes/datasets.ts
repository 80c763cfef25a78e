/** The datasets of the scenes, their reports and their rows. */
import type { DatasetSummary, RowAccount } from '../../../src-main/contract/index.ts';
import { table } from './table.ts';

/** Where the running dataset stands when a scene begins. */
export const SCENE_STEP = 1240;
export const PASS_FIRST_STEP = 1101;
export const PASS_STEPS = 467;

export const dataset = (now: number, facts: Record<string, unknown>) => ({
  place: 'queue',
  priority: 'normal',
  verdict: 'ready',
  bytes: 1_204_224,
  added: now - 7200,
  ...facts,
});

const messages: Readonly<Record<string, string>> = {
  'd-banking': 'The columns text and category have no role yet. Choose which one is the prompt.',
  'd-broken': '2 of 600 rows cannot be read: 17, 388. The other 598 can be trained.',
  'd-long': '18 200 of about 43 000 rows read.',
  'd-empty': 'export_empty.jsonl is empty (0 bytes).',
  'd-too-long':
    '1,331 of 18,212 rows are longer than max_length (4,096 tokens); the limit is 5 % of the rows.',
};

export const datasetsOf = (now: number) =>
  [
    ...table(now)`
id             | name                          | priority | verdict        | decision          | position | held
d-support-high | support_tickets_2026-11.jsonl | high     | ready          | -                 | 0        | false
d-banking      | banking77_train.csv           | normal   | needs_decision | map_columns       | 0        | false
d-broken       | home_requests.jsonl           | normal   | needs_decision | accept_valid_rows | 1        | false
d-long         | meeting_notes.jsonl           | normal   | validating     | -                 | 2        | false
d-held         | old_faq.jsonl                 | low      | held           | -                 | 0        | true`,
    ...table(now)`
id            | name               | place      | verdict   | finished | validation_before | validation_after
d-gsm8k-train | gsm8k_train.jsonl  | processing | training  | -        | 1.412             | -
d-sample      | sample.jsonl       | completed  | completed | now-3600 | 3.214             | 0.211
d-empty       | export_empty.jsonl | failed     | refused   | now-5400 | -                 | -
d-too-long    | too_long.jsonl     | failed     | refused   | now-7200 | -                 | -`,
  ].map((facts) => {
    const id = String(facts['id']);
    const counts = table(now)`
id             | rows  | accepted | rejected | held_out | planned_steps | done_steps | bytes    | progress | starts_at | ends_at
d-gsm8k-train  | 7473  | 7470     | 3        | 200      | 467           | 140        | 4166206  | -        | now-620   | now+1460
d-support-high | 1204  | 1204     | 0        | 24       | 74            | -          | 812390   | -        | now+1460  | now+1790
d-banking      | 10003 | 0        | 0        | -        | -             | -          | 839073   | -        | -         | -
d-broken       | 600   | 598      | 2        | 20       | 36            | -          | 1204224  | -        | -         | -
d-long         | -     | -        | -        | -        | -             | -          | 48120311 | 0.42     | -         | -
d-held         | 310   | 310      | 0        | 20       | 19            | -          | 1204224  | -        | -         | -
d-sample       | 560   | 560      | 0        | 20       | 34            | 34         | 1204224  | -        | -         | -
d-empty        | 0     | 0        | 0        | -        | -             | -          | 0        | -        | -         | -
d-too-long     | 18212 | 16881    | 1331     | -        | -             | -          | 88100000 | -        | -         | -`.find(
      (row) => row['id'] === id,
    );
    return dataset(now, { ...facts, ...counts, message: messages[id] ?? null });
  });

export function accountOf(dataset: DatasetSummary): RowAccount {
  const [rows, rejected, held_out] = [
    dataset.rows ?? 0,
    dataset.rejected ?? 0,
    dataset.held_out ?? 0,
  ];
  const usable = rows - rejected - held_out;
  const share = (dataset.done_steps ?? 0) / Math.max(1, dataset.planned_steps ?? 1);
  const trained = Math.round(usable * Math.min(1, share));
  const none = { quarantined: 0, truncated: 0, skipped: 0 };
  const times = trained === 0 ? {} : { '1': trained };
  return { rows, rejected, held_out, ...none, remaining: usable - trained, trained: times };
}
