/**
 * A lineage with a history: `main` left at 1,240 when v001_sample was restored, `branch-2` left at 1,460 when one of its checkpoints
 * was restored, `branch-3` trained now. Plain data; times are relative to `now`.
 */
import {
  factoryConfig,
  type Backup,
  type BranchFacts,
  type BranchValidation,
  type CheckpointFacts,
  type DatasetSummary,
  type LineageState,
  type Point,
  type Version,
} from '../../src-main/contract/index.ts';

export const BRANCHES_STEP = 1412;
const FOLDER = '/home/ada/Nightshift';
const CHECKPOINT_BYTES = 1_614_271_224;
const VERSION_BYTES = 538_090_408;

/** What was trained where, both steps included. */
export interface ScriptedPass {
  readonly id: string;
  readonly name: string;
  readonly branch: string;
  readonly from: number;
  readonly to: number;
}
export const scriptedPasses: readonly ScriptedPass[] = [
  { id: 'd-sample', name: 'sample.jsonl', branch: 'main', from: 1, to: 1100 },
  { id: 'd-faq', name: 'faq.jsonl', branch: 'main', from: 1101, to: 1180 },
  { id: 'd-support-oct', name: 'support_2026-10.jsonl', branch: 'branch-2', from: 1101, to: 1250 },
  { id: 'd-gsm8k-train', name: 'gsm8k_train.jsonl', branch: 'branch-2', from: 1251, to: 1460 },
  { id: 'd-gsm8k-train', name: 'gsm8k_train.jsonl', branch: 'branch-3', from: 1301, to: 1412 },
];

const branchesOf = (now: number): BranchFacts[] => [
  {
    name: 'main',
    parent: null,
    opened: now - 190_000,
    why: 'Started from smollm2.',
    newest_step: 1240,
  },
  {
    name: 'branch-2',
    parent: { branch: 'main', step: 1100 },
    opened: now - 92_000,
    why: 'Restore v001_sample.',
    newest_step: 1460,
  },
  {
    name: 'branch-3',
    parent: { branch: 'branch-2', step: 1300 },
    opened: now - 9000,
    why: 'Restore step 1300 of branch-2.',
    newest_step: BRANCHES_STEP,
  },
];

export const scriptedCheckpoint = (
  branch: string,
  step: number,
  created: number,
  rest: Partial<CheckpointFacts> = {},
): CheckpointFacts => {
  const pass = scriptedPasses.find(
    (scriptedPass) =>
      scriptedPass.branch === branch && step >= scriptedPass.from && step <= scriptedPass.to,
  );
  return {
    branch,
    step,
    created,
    folder: `${FOLDER}/current_model/checkpoints/${branch}/step-${String(step).padStart(8, '0')}`,
    bytes: CHECKPOINT_BYTES,
    dataset: pass === undefined ? null : { id: pass.id, name: pass.name },
    complete: pass?.to === step,
    in_ancestry: true,
    problem: null,
    ...rest,
  };
};

export function lineageOf(now: number): LineageState {
  const left = { in_ancestry: false } as const;
  return {
    model_name: 'nightshift',
    base: { id: 'smollm2', label: 'SmolLM2-135M-Instruct', hash: 'b1' },
    head: 'branch-3',
    branches: branchesOf(now),
    checkpoints: [
      scriptedCheckpoint('branch-3', 1400, now - 50),
      scriptedCheckpoint('branch-3', 1380, now - 130),
      scriptedCheckpoint('branch-3', 1360, now - 210),
      scriptedCheckpoint('branch-2', 1460, now - 9400, { ...left, complete: false }),
      scriptedCheckpoint('branch-2', 1300, now - 11_000, { complete: false }),
      scriptedCheckpoint('main', 1240, now - 92_400, {
        ...left,
        problem: 'model/model.safetensors has 1,024 bytes, its manifest says 538,090,408.',
      }),
      scriptedCheckpoint('main', 1180, now - 92_900, left),
      scriptedCheckpoint('main', 1100, now - 94_000),
    ],
    restore: null,
  };
}

/** The line of the head: its branch, and each parent up to the fork. */
export function ancestryOf(lineage: LineageState): readonly { branch: string; upto: number }[] {
  const out: { branch: string; upto: number }[] = [];
  let at: Point | null = { branch: lineage.head, step: Number.POSITIVE_INFINITY };
  while (at !== null) {
    const { branch, step }: Point = at;
    out.push({ branch, upto: step });
    at = lineage.branches.find((entry) => entry.name === branch)?.parent ?? null;
  }
  return out;
}

export function validationOf(lineage: LineageState, headStep: number): BranchValidation[] {
  const shape = (branch: string, step: number): number => {
    const base = 0.19 + 2.4 * Math.exp(-step / 300);
    if (branch === 'main') return base + Math.max(0, step - 1100) * 0.0003;
    if (branch === 'branch-2') return base - Math.max(0, step - 1100) * 0.00012;
    return base - 0.03 - Math.max(0, step - 1300) * 0.00009;
  };
  return lineage.branches.map(({ name, parent, newest_step }) => {
    const from = parent?.step ?? 0;
    const to = name === lineage.head ? headStep : (newest_step ?? from);
    const steps: number[] = [];
    for (let step = from + 20; step <= to; step += 20) steps.push(step);
    return {
      branch: name,
      evaluations: steps.map((step) => {
        const core = shape(name, step) + 0.004 * Math.sin(step / 7);
        return {
          step,
          t: 0,
          core_loss: core,
          slice_loss: core + 0.03,
          gap: 0.02,
          exact: 0.6,
          exact_k: 38,
          exact_n: 64,
          think: 0,
        };
      }),
    };
  });
}

export function branchedVersions(now: number, earlier: readonly Version[]): Version[] {
  const [second, first] = earlier;
  if (second === undefined || first === undefined) return [...earlier];
  return [
    {
      ...second,
      number: 4,
      name: 'v004_before-the-holidays',
      folder: `${FOLDER}/models/versions/v004_before-the-holidays`,
      description: 'Before the holidays.',
      created: now - 120,
      branch: 'branch-3',
      step: 1380,
      datasets: [{ id: 'd-gsm8k-train', name: 'gsm8k_train.jsonl' }],
      validation_loss: 0.168,
      training_loss: 0.171,
      gap: -0.003,
      exact_match: { k: 45, n: 64 },
      evaluated_step: 1200,
      parent: 'v003_support-2026-10',
      pinned: true,
      how: 'manually',
    },
    {
      ...second,
      number: 3,
      name: 'v003_support-2026-10',
      folder: `${FOLDER}/models/versions/v003_support-2026-10`,
      description: 'after support_2026-10.jsonl, 150 steps',
      created: now - 12_000,
      branch: 'branch-2',
      step: 1250,
      datasets: [{ id: 'd-support-oct', name: 'support_2026-10.jsonl' }],
      validation_loss: 0.205,
      training_loss: 0.199,
      gap: 0.006,
      exact_match: { k: 39, n: 64 },
      evaluated_step: 1250,
      parent: 'v001_sample',
    },
    { ...second, created: now - 92_900 },
    { ...first, created: now - 94_000, config: { ...factoryConfig, base_model: 'smollm2' } },
  ];
}

const verified = (t: number) => ({ t, ok: true, problem: null });

export function backupsOf(now: number): Backup[] {
  const entry = (
    id: string,
    created: number,
    rest: Partial<Backup> & Pick<Backup, 'type' | 'reason' | 'source'>,
  ): Backup => ({
    id,
    folder: `${FOLDER}/models/backups/${id}`,
    created,
    branch: null,
    step: null,
    holds: 'weights, optimizer state, dataset position',
    bytes: CHECKPOINT_BYTES,
    files: 11,
    verified: null,
    keep_until: null,
    ...rest,
  });
  return [
    entry('pre-restore/20261124-094500', now - 9060, {
      type: 'pre-restore',
      reason: 'before the checkpoint of step 1,300 was restored',
      source: { kind: 'model' },
      branch: 'branch-2',
      step: 1460,
      verified: verified(now - 9030),
      keep_until: now + 29.9 * 86_400,
    }),
    entry('manual/20261123-181200', now - 66_000, {
      type: 'manual',
      reason: 'before the new support set',
      source: { kind: 'version', name: 'v001_sample' },
      branch: 'main',
      step: 1100,
      holds: 'v001_sample',
      bytes: VERSION_BYTES,
      files: 7,
    }),
    entry('emergency/20261122-031100', now - 3.2 * 86_400, {
      type: 'emergency',
      reason: 'the disk reported a write error',
      source: { kind: 'model' },
      branch: 'main',
      step: 900,
      verified: {
        t: now - 7200,
        ok: false,
        problem: 'optimizer/moments.safetensors differs from what was copied',
      },
      keep_until: now + 26.8 * 86_400,
    }),
    entry('manual/20261118-200000', now - 6.4 * 86_400, {
      type: 'manual',
      reason: 'the adapters of the spring',
      source: { kind: 'folder', path: '/home/ada/models/spring-adapters' },
      holds: 'spring-adapters',
      bytes: 84_120_311,
      files: 23,
      verified: verified(now - 6.3 * 86_400),
    }),
  ];
}

/** Datasets of the story that no other scene has. */
export function branchedDatasets(
  datasets: readonly DatasetSummary[],
  now: number,
): DatasetSummary[] {
  const sample = datasets.find((dataset) => dataset.id === 'd-sample');
  if (sample === undefined) return [...datasets];
  const done = (id: string, name: string, steps: number, ago: number): DatasetSummary => ({
    ...sample,
    id,
    name,
    planned_steps: steps,
    done_steps: steps,
    finished: now - ago,
    validation_before: 0.231,
    validation_after: 0.205,
  });
  return [
    ...datasets,
    done('d-support-oct', 'support_2026-10.jsonl', 150, 12_000),
    done('d-faq', 'faq.jsonl', 80, 92_900),
  ];
}
