/** Example lengths of a pass, from the dataset's report, and how steps are split into micro-batches. Pure; lengths in tokens. */
import type { Config, DatasetReport } from '../../contract/index.ts';

export interface Lengths {
  readonly mean: number;
  readonly deviation: number;
  readonly longest: number;
  /** Trained rows. */
  readonly rows: number;
  /** Rows longer than max_length. */
  readonly over: number;
  /** Fraction of the tokens that count toward the loss. */
  readonly trainedShare: number;
  /** Fraction of the tokens in rows of up to `PLAIN_LENGTH`. */
  readonly plainShare: number;
  /** Tokens of the longest expected answer. */
  readonly longestAnswer: number;
}

/** Segments up to this length keep their table of attention weights (`MATMUL_MAX_LENGTH` of collator.py). */
export const PLAIN_LENGTH = 512;

/** Token budget of a micro-batch with `micro_batch: auto` (`TOKENS_AT_ONCE` of the trainer). */
export const TOKENS_AT_ONCE = 4096;
const DEFAULT_TRAINED_SHARE = 0.5;

/** Without a report: every example is as long as max_length allows. */
export function longestLengths(config: Pick<Config, 'max_length'>): Lengths {
  return {
    mean: config.max_length,
    deviation: 0,
    longest: config.max_length,
    rows: 0,
    over: 0,
    trainedShare: DEFAULT_TRAINED_SHARE,
    plainShare: config.max_length <= PLAIN_LENGTH ? 1 : 0,
    longestAnswer: config.max_length * DEFAULT_TRAINED_SHARE,
  };
}

/** Rows that could be trained if none were too long: accepted rows, and rows rejected for their length. */
export function readableRows({
  accepted,
  rejected,
}: Pick<DatasetReport, 'accepted' | 'rejected'>): number {
  const { over_length = 0, answer_lost = 0 } = rejected.by_reason;
  return accepted + over_length + answer_lost;
}

/**
 * Assumes that rows are spread evenly within a bin of the length histogram, which has every readable row.
 * Rows that `config` truncates or drops are subtracted, whatever settings the file was validated with.
 * null without a histogram or without rows.
 */
export function lengthsOf(
  report: Pick<
    DatasetReport,
    | 'lengths'
    | 'trained_rows'
    | 'trained_token_share'
    | 'accepted'
    | 'rejected'
    | 'over_length'
    | 'over_length_answer_lost'
    | 'record_format'
  >,
  config: Pick<Config, 'max_length' | 'over_length'>,
): Lengths | null {
  if (report.lengths === null) return null;
  const { histogram, max } = report.lengths.whole;
  const limit = config.max_length;
  // Fraction of the truncated rows that lose their whole answer.
  const answersLost =
    report.over_length === 0 ? 0 : report.over_length_answer_lost / report.over_length;
  // A raw text is split into several examples, so no row is too long.
  const isSplit = report.record_format === 'text';
  let [rows, sum, squares, over, plain] = [0, 0, 0, 0, 0];
  const add = (share: number, length: number): void => {
    rows += share;
    sum += share * length;
    squares += share * length * length;
    if (length <= PLAIN_LENGTH) plain += share * length;
  };
  for (const { from, to, count } of histogram) {
    // The last bin ends at the longest row.
    const end = Math.min(to - 1, max);
    const beyond =
      isSplit || end <= limit
        ? 0
        : from > limit
          ? count
          : (count * (end - limit)) / (end - from + 1);
    over += beyond;
    if (config.over_length === 'truncate') add(beyond * (1 - answersLost), limit);
    if (count > beyond) add(count - beyond, (from + (isSplit ? end : Math.min(end, limit))) / 2);
  }
  if (rows <= 0) return null;
  const all = histogram.reduce((total, bin) => total + bin.count, 0);
  const mean = sum / rows;
  const gone = config.over_length === 'truncate' ? over * answersLost : over;
  const readable = readableRows(report);
  // The other accepted rows are held out for validation.
  const trained = report.accepted === 0 ? 1 : report.trained_rows / report.accepted;
  return {
    mean,
    deviation: Math.sqrt(Math.max(0, squares / rows - mean * mean)),
    longest: Math.min(max, limit),
    rows: Math.round(readable * (1 - gone / all) * trained),
    over: Math.round((readable * over) / all),
    trainedShare: report.trained_token_share ?? DEFAULT_TRAINED_SHARE,
    plainShare: sum === 0 ? 1 : plain / sum,
    longestAnswer: Math.min(report.lengths.answer.max, limit),
  };
}

export interface Layout {
  /** Average tokens per step. */
  readonly tokens: number;
  /** Average micro-batches per step. */
  readonly parts: number;
  /** Tokens of the largest micro-batch of the pass. */
  readonly largest: number;
  /** Longest example in it, which determines the cost of attention. */
  readonly longest: number;
  /** Fraction of its tokens whose example stores attention weights. */
  readonly plainShare: number;
}

type Batching = Pick<
  Config,
  'batch_size' | 'gradient_accumulation' | 'micro_batch' | 'packing' | 'max_length'
>;

/** As `split_into_micro_batches` of collator.py does: a token budget, and at most `micro_batch` examples. */
export function layoutOf(config: Batching, lengths: Lengths): Layout {
  const batch = config.batch_size * config.gradient_accumulation;
  const { mean, deviation, longest, plainShare } = lengths;
  const tokens = batch * mean;
  if (!config.packing)
    return { tokens, parts: batch, largest: Math.ceil(longest), longest, plainShare };
  const most = config.micro_batch === 'auto' ? batch : Math.min(batch, config.micro_batch);
  // The largest of many steps is about three standard deviations above the mean.
  const fullest = Math.min(batch * longest, tokens + 3 * deviation * Math.sqrt(batch));
  const largest = Math.max(longest, Math.min(TOKENS_AT_ONCE, fullest, most * longest));
  const parts = Math.max(Math.ceil(batch / most), tokens / TOKENS_AT_ONCE, 1);
  return { tokens, parts: Math.ceil(parts), largest: Math.ceil(largest), longest, plainShare };
}
