/** Rows longer than max_length: the cost of dropping them, truncating them, or raising max_length. Pure. */
import {
  type Config,
  configSchema,
  type DatasetReport,
  type OverLongChoice,
  type PassEstimate,
} from '../../contract/index.ts';
import { readableRows } from './lengths.ts';

type LengthReport = Pick<
  DatasetReport,
  | 'accepted'
  | 'rejected'
  | 'lengths'
  | 'over_length'
  | 'over_length_answer_lost'
  | 'max_length_loses_nothing'
  | 'trained_token_share'
  | 'verdict'
>;
type Limit = Pick<Config, 'max_length' | 'over_length'>;
type OverLongOption = Pick<OverLongChoice, 'option' | 'key' | 'value' | 'max_length'>;

/** The available options, each with the setting to change. */
export function optionsFor(report: LengthReport, { max_length }: Limit): readonly OverLongOption[] {
  const wanted = report.max_length_loses_nothing;
  return [
    { option: 'drop', key: 'over_length', value: 'drop', max_length },
    { option: 'truncate', key: 'over_length', value: 'truncate', max_length },
    ...(wanted !== null &&
    wanted > max_length &&
    configSchema.shape.max_length.safeParse(wanted).success
      ? [
          {
            option: 'raise' as const,
            key: 'max_length' as const,
            value: wanted,
            max_length: wanted,
          },
        ]
      : []),
  ];
}

/** What currently happens to such rows; null: the file is refused. */
export function currentOption(
  report: LengthReport,
  { over_length }: Limit,
): OverLongChoice['option'] | null {
  if (over_length === 'truncate') return 'truncate';
  // Up to 5 % of the rows are dropped without asking.
  return over_length === 'drop' || report.verdict !== 'refused' ? 'drop' : null;
}

/** Tokens of the rows over the limit, and of these the tokens after it; null when the histogram has none. */
function tokensBeyond(
  report: LengthReport,
  limit: number,
): { whole: number; behind: number } | null {
  if (report.lengths === null) return null;
  const { histogram, max } = report.lengths.whole;
  let [rows, whole, behind] = [0, 0, 0];
  for (const { from, to, count } of histogram) {
    const end = Math.min(to - 1, max);
    if (end <= limit) continue;
    const start = Math.max(from, limit + 1);
    const those = (count * (end - start + 1)) / (end - from + 1);
    const length = (start + end) / 2;
    rows += those;
    whole += those * length;
    behind += those * (length - limit);
  }
  if (rows <= 0) return null;
  // The report has the exact number of rows, the histogram only their distribution.
  const scale = report.over_length / rows;
  return { whole: whole * scale, behind: behind * scale };
}

/** Estimated number of trained tokens lost. A row ends with its answer, so truncation removes trained tokens. */
function tokensLost(
  report: LengthReport,
  option: OverLongOption['option'],
  limit: number,
): number | null {
  if (option === 'raise') return 0;
  const tokens = tokensBeyond(report, limit);
  if (tokens === null || report.trained_token_share === null) return null;
  const answers = tokens.whole * report.trained_token_share;
  if (option === 'drop') return Math.round(answers);
  const lostWhole = report.over_length_answer_lost / report.over_length;
  return Math.round(
    Math.min(answers, lostWhole * answers + (1 - lostWhole) * Math.min(answers, tokens.behind)),
  );
}

export function overLongChoice(
  report: LengthReport,
  limit: Limit,
  option: OverLongOption,
  estimate: PassEstimate,
): OverLongChoice {
  const lost = {
    drop: report.over_length,
    truncate: report.over_length_answer_lost,
    raise: 0,
  }[option.option];
  return {
    ...option,
    rows_kept: readableRows(report) - lost,
    rows_lost: lost,
    trained_tokens_lost: tokensLost(report, option.option, limit.max_length),
    steps: estimate.steps,
    seconds: estimate.time.seconds,
    certainty: estimate.time.certainty,
    memory: estimate.memory.bytes,
    memory_total: estimate.memory.total,
    verdict: estimate.memory.verdict,
  };
}
