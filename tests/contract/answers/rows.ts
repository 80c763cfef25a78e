/** Reports and rows of the datasets in the scenes. */
import type { DatasetSummary, RowFilter } from '../../../src-main/contract/index.ts';
import { accountOf } from '../scenes/datasets.ts';

const lengths = (scale: number) => ({
  p5: 12 * scale,
  p50: 48 * scale,
  p95: 131 * scale,
  p99: 190 * scale,
  max: 402 * scale,
  histogram: [207, 472, 921, 920, 472, 125, 17, 1].map((count, bin) => ({
    from: bin * 50 * scale,
    to: (bin + 1) * 50 * scale,
    count,
  })),
});

const chat = (question: string, answer: string) => [
  { text: `<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n`, trained: false },
  { text: `${answer}<|im_end|>`, trained: true },
  { text: '\n', trained: false },
];

/** What every validated file has, whatever its columns. */
const measuredOf = (scale: number) => ({
  record_format: 'messages',
  lengths: { whole: lengths(scale), prompt: lengths(0.7 * scale), answer: lengths(0.3 * scale) },
  trained_token_share: 0.31,
  unused_fields: [{ name: 'source', rows: 540 }],
  near_duplicates: { rows: 3, compared: 590, first: [{ row: 61, of: 60, similarity: 0.92 }] },
  answer_in_prompt: { rows: 2, share: 0.0033, first: [77, 410] },
  samples: [{ row: 1, spans: chat('Turn on the lamp.', '{"action":"on","device":"lamp"}') }],
});

const columns = [
  { name: 'text', example: 'I am still waiting on my card?', distinct: 10_003 },
  { name: 'category', example: 'card_arrival', distinct: 77 },
];

const guess = { format: 'columns', prompt: 'text', answer: 'category' };

export function reportOf(dataset: DatasetSummary) {
  const { verdict, decision, message } = dataset;
  const [accepted, rejected, slice] = [dataset.accepted, dataset.rejected, dataset.held_out];
  const isTooLong = dataset.id === 'd-too-long';
  const reason = isTooLong ? 'over_length' : 'not_json';
  const text = '{"messages":[{"role":"user","content":"Turn on the';
  const what = isTooLong ? '5,120 tokens; max_length is 4,096.' : 'the line ends inside a string.';
  return {
    verdict: verdict === 'refused' || verdict === 'needs_decision' ? verdict : 'ready',
    rows: dataset.rows ?? 0,
    accepted: accepted ?? 0,
    trained_rows: (accepted ?? 0) - (slice ?? 0),
    held_out: { slice: slice ?? 0 },
    rejected: {
      total: rejected ?? 0,
      by_reason: rejected ? { [reason]: rejected } : {},
      first: [17, 388].slice(0, rejected ?? 0).map((row) => ({ row, reason, message: what, text })),
    },
    over_length: isTooLong ? (rejected ?? 0) : 0,
    over_length_answer_lost: isTooLong ? 212 : 0,
    duplicates: 1,
    first_duplicates: [{ row: 41, of: 12 }],
    planned_steps: dataset.planned_steps ?? 0,
    max_length: 4096,
    max_length_loses_nothing: isTooLong ? 5312 : 402,
    decision,
    message,
    ...(decision === 'map_columns'
      ? { columns, mapping_guess: guess }
      : measuredOf(isTooLong ? 13 : 1)),
  };
}

/** Rows 17 and 388 of a file with broken rows, every twentieth held out, the rest by the account. */
function stateOf(dataset: DatasetSummary, row: number) {
  const { rejected, held_out, trained } = accountOf(dataset);
  if (rejected > 0 && (row === 17 || row === 388))
    return { row, state: 'rejected', reason: 'not_json' };
  if (held_out > 0 && row % 20 === 0) return { row, state: 'held_out' };
  return row <= (trained['1'] ?? 0)
    ? { row, state: 'trained', times: 1 }
    : { row, state: 'remaining' };
}

export function rowsOf(dataset: DatasetSummary, filter: RowFilter) {
  const all = Array.from({ length: dataset.rows ?? 0 }, (_, index) => stateOf(dataset, index + 1));
  const states: readonly string[] = filter === 'accepted' ? ['trained', 'remaining'] : [filter];
  return filter === 'all' ? all : all.filter((row) => states.includes(row.state));
}

export function rowOf(dataset: DatasetSummary, row: number) {
  const state = stateOf(dataset, row);
  const question = `Turn on lamp ${String(row)} in the hall.`;
  const answer = `{"action":"on","device":"lamp ${String(row)}","room":"hall"}`;
  if (state.state === 'rejected')
    return {
      ...state,
      message: "Not valid JSON: a quote isn't closed at character 29.",
      raw: { text: `{"question":"${question}` },
    };
  return {
    ...state,
    raw: { text: JSON.stringify({ question, answer }) },
    examples: [{ tokens: 41, trained_tokens: 19, spans: chat(question, answer) }],
  };
}
