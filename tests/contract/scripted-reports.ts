/** Reports and accounts of rows for the datasets of the scripted scenes. */
import type { DatasetReport, DatasetSummary, RowAccount } from '../../src-main/contract/index.ts';

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

/** null while it is still being judged. */
export function reportOf(summary: DatasetSummary): DatasetReport {
  const rejected = summary.rejected ?? 0;
  const columns = summary.decision === 'map_columns';
  const verdict =
    summary.verdict === 'refused' ? 'refused' : summary.verdict === 'decide' ? 'decide' : 'ready';
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
      by_reason: rejected === 0 ? {} : { not_json: rejected },
      first: [17, 388].slice(0, rejected).map((row) => ({
        row,
        reason: 'not_json',
        message: 'Row 17: the line ends inside a string.',
        text: '{"messages":[{"role":"user","content":"Turn on the',
      })),
    },
    truncated: 0,
    over_length: 0,
    columns: columns
      ? [
          { name: 'text', example: 'I am still waiting on my card?', distinct: 10_003 },
          { name: 'category', example: 'card_arrival', distinct: 77 },
        ]
      : null,
    lengths: columns ? null : { whole: lengths(1), prompt: lengths(0.7), answer: lengths(0.3) },
    trained_token_share: columns ? null : 0.31,
    duplicates: 4,
    overlap_validation: 0,
    planned_steps: summary.planned_steps ?? 0,
    max_length_loses_nothing: 402,
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
            pieces: [
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
