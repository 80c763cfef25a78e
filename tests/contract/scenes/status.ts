/** The live status of the scenes. */
import { trainingStatus, type TrainingStatus } from '../../../src-main/contract/index.ts';
import { complete } from '../complete.ts';
import { PASS_FIRST_STEP, PASS_STEPS } from './datasets.ts';
import { table } from './table.ts';

const prompts = [
  'A pack of pens costs 4 dollars. How much do 7 packs cost?',
  'Turn off the light in the kitchen.',
];
export const previewsOf = (now: number, step: number) =>
  table(now)`
back | t       | row | matches | finished | tokens | seconds | expected   | produced
0    | now-40  | 312 | true    | true     | 4      | 0.21    | 28 dollars | 28 dollars
200  | now-520 | 87  | false   | true     | 19     | 0.64    | off, light | off, lamp`.map(
    ({ back, ...preview }, index) => ({
      ...preview,
      step: step - Number(back),
      prompt: prompts[index],
    }),
  );

const measures = { loss: 0.482, loss_smoothed: 0.497, learning_rate: 0.0002, grad_norm: 0.91 };
const speeds = { tokens_per_second: 812.4, samples_per_second: 3.6 };
const evaluated = {
  validation_dataset: 0.531,
  validation_fixed: 0.604,
  validation_loss: 0.531,
  training_loss_at_evaluation: 0.497,
  val_train_gap: 0.034,
  think_tag_percent: 0,
};

function duringPass(now: number, step: number) {
  const at = (values: Readonly<Record<string, number>>, back: number) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        { value, step: step - back, t: now - back * 4 },
      ]),
    );
  return {
    ...at({ ...measures, ...speeds }, 0),
    ...at(evaluated, 40),
    evaluation_precision: 'bf16',
    exact_match: { k: 41, n: 64, low: 0.518, high: 0.748, step: step - 40, t: now - 160 },
    current_step: step,
    total_steps: PASS_FIRST_STEP - 1 + PASS_STEPS,
    step_of_dataset: step - PASS_FIRST_STEP + 1,
    steps_of_dataset: PASS_STEPS,
    epoch: 0.3,
    current_dataset: { id: 'd-gsm8k-train', name: 'gsm8k_train.jsonl' },
    micro_batch: 8,
    batch: 16,
    last_checkpoint_step: 1200,
    branch: 'main',
    run: '20261124-021500-train-7c1d',
    last_preview: previewsOf(now, step)[0],
    monitoring_percent: 3.1,
  };
}

/** `step` null: nothing is trained. */
export function statusOf(
  now: number,
  state: TrainingStatus['state'],
  step: number | null,
  facts: object = {},
): TrainingStatus {
  const isLive = state === 'training' || state === 'paused';
  const status = {
    state,
    since: now - 620,
    ...(step === null ? {} : duringPass(now, step)),
    eta_seconds: isLive ? 1460 : null,
    queue: { high: 1, normal: 3, low: 1, processing: 1, completed: 1, failed: 1 },
    gpu: {
      name: 'NVIDIA RTX 4090',
      uuid: 'GPU-0f1e2d3c-0000-0000-0000-000000000000',
      utilization: 97,
      memory_used_mb: 18_420,
      memory_total_mb: 24_564,
      temperature: 68,
    },
    device: 'cuda:0',
    memory: { used_mb: 14_210, total_mb: 64_213, trainer_mb: 5_120 },
    cpu_percent: 31,
    disk_free_gb: 212.4,
    disk_floor_gb: 50,
    model: 'SmolLM2-135M-Instruct',
    updated_at: now,
    trainer: isLive ? { pid: 41_225, alive: true, heartbeat_age_s: 0.4, phase: 'step' } : {},
    ...facts,
  };
  return complete(trainingStatus, status, 'status');
}
