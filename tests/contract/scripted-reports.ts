/** Reports, accounts and rows for the datasets of the scripted scenes. */
import type {
  DatasetReport,
  DatasetSummary,
  RowAccount,
  RowDetails,
  RowFilter,
} from '../../src-main/contract/index.ts';

export function accountOf(summary: DatasetSummary): RowAccount {
  const rows = summary.rows ?? 0;
  const rejected = summary.rejected ?? 0;
  const heldOut = summary.held_out ?? 0;
  const share = (summary.done_steps ?? 0) / Math.max(1, summary.planned_steps ?? 1);
  const trained = Math.round((rows - rejected - heldOut) * Math.min(1, share));
  return {
    rows,
    trained: trained === 0 ? {} : { '1': trained },
    held_out: heldOut,
    rejected,
    quarantined: 0,
    truncated: 0,
    skipped: 0,
    remaining: rows - rejected - heldOut - trained,
  };
}

const lengths = (scale: number) => ({
  p5: 12 * scale,
  p50: 48 * scale,
  p95: 131 * scale,
  p99: 190 * scale,
  max: 402 * scale,
  histogram: [0, 1, 2, 3, 4, 5, 6, 7].map((bin) => ({
    from: bin * 50 * scale,
    to: (bin + 1) * 50 * scale,
    count: Math.round(1000 * Math.exp(-((bin - 1.5) ** 2) / 3)),
  })),
});

/** null while it is still being validated. */
export function reportOf(summary: DatasetSummary): DatasetReport {
  const rejected = summary.rejected ?? 0;
  const columns = summary.decision === 'map_columns';
  const isTooLong = summary.id === 'd-too-long';
  const verdict =
    summary.verdict === 'refused'
      ? 'refused'
      : summary.verdict === 'needs_decision'
        ? 'needs_decision'
        : 'ready';
  return {
    format: 1,
    verdict,
    record_format: columns ? null : 'messages',
    rows: summary.rows ?? 0,
    accepted: summary.accepted ?? 0,
    trained_rows: (summary.accepted ?? 0) - (summary.held_out ?? 0),
    held_out: { core: 0, slice: summary.held_out ?? 0, duplicates: 0 },
    rejected: {
      total: rejected,
      by_reason:
        rejected === 0 ? {} : isTooLong ? { over_length: rejected } : { not_json: rejected },
      first: [17, 388].slice(0, rejected).map((row) => ({
        row,
        reason: isTooLong ? 'over_length' : 'not_json',
        message: isTooLong
          ? '5,120 tokens; max_length is 4,096.'
          : 'Row 17: the line ends inside a string.',
        text: '{"messages":[{"role":"user","content":"Turn on the',
      })),
    },
    truncated: 0,
    over_length: isTooLong ? rejected : 0,
    over_length_answer_lost: isTooLong ? 212 : 0,
    columns: columns
      ? [
          { name: 'text', example: 'I am still waiting on my card?', distinct: 10_003 },
          { name: 'category', example: 'card_arrival', distinct: 77 },
        ]
      : null,
    lengths: columns
      ? null
      : {
          whole: lengths(isTooLong ? 13 : 1),
          prompt: lengths(isTooLong ? 9 : 0.7),
          answer: lengths(isTooLong ? 4 : 0.3),
        },
    trained_token_share: columns ? null : 0.31,
    tokens: (summary.accepted ?? 0) * 52,
    duplicates: 4,
    first_duplicates: [
      { row: 41, of: 12 },
      { row: 87, of: 12 },
      { row: 203, of: 140 },
      { row: 311, of: 9 },
    ],
    near_duplicates: columns
      ? null
      : { rows: 3, compared: 590, first: [{ row: 61, of: 60, similarity: 0.92 }] },
    overlap_validation: 0,
    first_overlapping: [],
    answer_in_prompt: columns ? null : { rows: 2, share: 0.0033, first: [77, 410] },
    ...{ control_tokens: null, template_date: null },
    planned_steps: summary.planned_steps ?? 0,
    max_length: 4096,
    max_length_loses_nothing: isTooLong ? 5312 : 402,
    notes: [],
    decision: summary.decision,
    message: summary.message,
    content_hash: '0123456789abcdef0123456789abcdef',
    cache: columns ? null : 'a1b2c3d4e5f60718',
    seconds: 1.8,
    samples: columns
      ? []
      : [
          {
            row: 1,
            spans: [
              {
                text: '<|im_start|>user\nTurn on the lamp in the hall.<|im_end|>\n',
                trained: false,
              },
              { text: '<|im_start|>assistant\n', trained: false },
              { text: '{"action":"on","device":"lamp","room":"hall"}<|im_end|>', trained: true },
            ],
          },
        ],
  };
}

/** Rows 17 and 388 of a file with broken rows, every twentieth held out, the rest by the account. */
export function stateOf(summary: DatasetSummary, row: number): { state: string; times: number } {
  const account = accountOf(summary);
  const trained = account.trained['1'] ?? 0;
  if (account.rejected > 0 && (row === 17 || row === 388)) return { state: 'rejected', times: 0 };
  if (account.held_out > 0 && row % 20 === 0) return { state: 'held_out', times: 0 };
  return row <= trained ? { state: 'trained', times: 1 } : { state: 'remaining', times: 0 };
}

export function rowsOf(summary: DatasetSummary, filter: RowFilter) {
  const all = Array.from({ length: summary.rows ?? 0 }, (_, index) => {
    const row = index + 1;
    const facts = stateOf(summary, row);
    return { row, ...facts, reason: facts.state === 'rejected' ? 'not_json' : null };
  });
  if (filter === 'all') return all;
  if (filter === 'accepted') return all.filter((row) => /trained|remaining/.test(row.state));
  return all.filter((row) => row.state === filter);
}

export function rowOf(summary: DatasetSummary, row: number): RowDetails {
  const facts = stateOf(summary, row);
  const isRejected = facts.state === 'rejected';
  const question = `Turn on lamp ${String(row)} in the hall.`;
  const answer = `{"action":"on","device":"lamp ${String(row)}","room":"hall"}`;
  const raw = JSON.stringify({
    messages: [
      { role: 'user', content: question },
      { role: 'assistant', content: answer },
    ],
  });
  const text = isRejected ? raw.slice(0, 50) : raw;
  return {
    row,
    ...facts,
    truncated: false,
    reason: isRejected ? 'not_json' : null,
    message: isRejected
      ? 'Not valid JSON: Unterminated string starting at: line 1 column 29 (char 28).'
      : null,
    raw: { text, bytes: text.length, cut: false },
    examples: isRejected
      ? []
      : [
          {
            tokens: 41,
            trained_tokens: 19,
            spans: [
              {
                text: `<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n`,
                trained: false,
              },
              { text: `${answer}<|im_end|>`, trained: true },
              { text: '\n', trained: false },
            ],
            cut: false,
          },
        ],
  };
}
