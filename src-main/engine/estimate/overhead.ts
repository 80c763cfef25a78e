/**
 * Seconds of a pass beside its steps: start, evaluations with their answers, previews, saves. On the reference machine; the
 * estimator scales them by what earlier passes took. Pure.
 */
import { cadenceOf, type Config } from '../../contract/index.ts';
import type { ModelShape } from './shape.ts';

/** From the start of the trainer to its first step; measured. */
const STARTUP_SECONDS = 9;
/** Writing, syncing and hashing a checkpoint. */
const SAVE_BYTES_PER_SECOND = 0.4e9;
/** Memory bandwidth of generation, bytes per second, and fixed seconds per layer and token. */
const READ_BYTES_PER_SECOND = { cpu: 8e9, gpu: 800e9 };
const LAYER_SECONDS_PER_TOKEN = { cpu: 0.7e-3, gpu: 0.1e-3 };
/** Answers that are generated together (`GENERATION_BATCH` of the trainer). */
const GENERATION_BATCH = 16;
/** `ANSWER_LENGTH_FACTOR` and `MIN_ANSWER_SECONDS` of the trainer. */
const ANSWER_LENGTH_FACTOR = 1.5;
const MIN_ANSWER_SECONDS = 20;

export interface OverheadInput {
  readonly shape: ModelShape;
  readonly device: 'gpu' | 'cpu';
  /** Steps of the pass, and how many of them are done. */
  readonly steps: number;
  readonly done: number;
  readonly secondsPerStep: number;
  readonly tokensPerStep: number;
  readonly checkpointBytes: number;
  /** Tokens of the validation rows that an evaluation reads. */
  readonly heldOutTokens: number;
  /** Questions that an evaluation asks, and the longest expected answer in tokens. */
  readonly questions: number;
  readonly longestAnswer: number;
}

type Settings = Pick<
  Config,
  | 'warmup_steps'
  | 'eval_steps'
  | 'preview_steps'
  | 'save_steps'
  | 'eval_max_new_tokens'
  | 'eval_timeout_seconds'
  | 'budget'
>;

/** Seconds to generate `questions` answers of the most tokens that the trainer allows. */
function answerSeconds(config: Settings, input: OverheadInput, questions: number): number {
  const { shape, device, longestAnswer } = input;
  if (questions === 0) return 0;
  const tokens = Math.min(
    config.eval_max_new_tokens,
    Math.ceil(ANSWER_LENGTH_FACTOR * longestAnswer) + 1,
  );
  const perToken =
    (shape.parameters * 2) / READ_BYTES_PER_SECOND[device] +
    shape.layers * LAYER_SECONDS_PER_TOKEN[device];
  return Math.ceil(questions / GENERATION_BATCH) * tokens * perToken;
}

/** How often something with this interval happens after `done` steps, without the last step. */
const times = (interval: number, steps: number, done: number): number =>
  Math.max(0, Math.floor((steps - 1) / interval) - Math.floor(done / interval));

/** Checkpoints that are still to come: at both intervals, as the trainer saves, and at the end. */
export function savesLeft(
  { save_steps, eval_steps }: Pick<Config, 'save_steps' | 'eval_steps'>,
  { steps, done }: Pick<OverheadInput, 'steps' | 'done'>,
): number {
  const both = leastCommonMultiple(save_steps, eval_steps);
  const intervals =
    times(save_steps, steps, done) + times(eval_steps, steps, done) - times(both, steps, done);
  return intervals + (done < steps ? 1 : 0);
}

function leastCommonMultiple(a: number, b: number): number {
  let [divisor, rest] = [a, b];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return (a / divisor) * b;
}

export interface Overhead {
  /** Before the first step; 0 once steps are done. */
  readonly start: number;
  readonly intervals: number;
  readonly saves: number;
  readonly end: number;
  readonly seconds: number;
}

/** What is still to come after `done` steps. */
export function overheadOf(config: Settings, input: OverheadInput): Overhead {
  const { steps, done, secondsPerStep } = input;
  const cadence = cadenceOf(config, steps);
  const losses =
    input.tokensPerStep <= 0
      ? 0
      : // Without a backward pass a token takes a third of the time.
        (input.heldOutTokens / input.tokensPerStep) * (secondsPerStep / 3);
  const budget = (config.budget.monitoring_percent / 100) * steps * secondsPerStep;
  const answers = answerSeconds(config, input, input.questions);
  const limit = Math.min(config.eval_timeout_seconds, Math.max(MIN_ANSWER_SECONDS, budget));
  const edge = losses + Math.min(limit, answers) + answerSeconds(config, input, 1);
  const wanted =
    times(cadence.eval_steps, steps, done) * (losses + answers) +
    times(cadence.preview_steps, steps, done) * answerSeconds(config, input, 1);
  // Those at the configured interval always measure the losses; everything else keeps the budget.
  const always = times(config.eval_steps, steps, done) * losses;
  const left = steps === 0 ? 0 : Math.max(0, (budget - edge) * (1 - done / steps));
  const intervals = Math.max(always, Math.min(wanted, left));
  const start = done === 0 ? STARTUP_SECONDS + edge : 0;
  const saves = savesLeft(config, input) * (input.checkpointBytes / SAVE_BYTES_PER_SECOND);
  return { start, intervals, saves, end: edge, seconds: start + intervals + saves + edge };
}
