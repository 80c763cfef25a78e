/**
 * Versions, backups, and a lineage with a history: `main` left at 1,240 when v001_sample was restored,
 * `branch-2` left at 1,460 when one of its checkpoints was restored, `branch-3` trained now.
 */
import {
  branchValidation,
  factoryConfig,
  lineageState,
  type BranchValidation,
  type LineageState,
} from '../../../src-main/contract/index.ts';
import { complete } from '../complete.ts';
import { dataset } from './datasets.ts';
import { table } from './table.ts';

export const BRANCHES_STEP = 1412;
export const WORKSPACE = '/home/ada/Nightshift';
export const CHECKPOINT_BYTES = 1_614_271_224;
const VERSION_BYTES = 538_090_408;
export const MODEL_PARTS = 'weights, optimizer state, dataset position';

/** What was trained where, both steps included. */
export const passes = [
  { id: 'd-sample', name: 'sample.jsonl', branch: 'main', from: 1, to: 1100 },
  { id: 'd-faq', name: 'faq.jsonl', branch: 'main', from: 1101, to: 1180 },
  { id: 'd-support-oct', name: 'support_2026-10.jsonl', branch: 'branch-2', from: 1101, to: 1250 },
  { id: 'd-gsm8k-train', name: 'gsm8k_train.jsonl', branch: 'branch-2', from: 1251, to: 1460 },
  { id: 'd-gsm8k-train', name: 'gsm8k_train.jsonl', branch: 'branch-3', from: 1301, to: 1412 },
] as const;

export function checkpoint(facts: Record<string, unknown>) {
  const { branch, step } = facts as { branch: string; step: number };
  const pass = passes.find((known) => known.branch === branch && step <= known.to);
  return {
    folder: `${WORKSPACE}/current_model/checkpoints/${branch}/step-${String(step).padStart(8, '0')}`,
    bytes: CHECKPOINT_BYTES,
    dataset: pass === undefined ? null : { id: pass.id, name: pass.name },
    complete: pass?.to === step,
    in_ancestry: true,
    ...facts,
  };
}

const model = {
  model_name: 'nightshift',
  base: { id: 'smollm2', label: 'SmolLM2-135M-Instruct', hash: 'b1' },
};

export const straightLineage = (now: number, isTrained: boolean) => ({
  ...model,
  head: 'main',
  branches: [{ name: 'main', opened: now - 90_000, why: 'began from the base', newest_step: 1240 }],
  checkpoints: (isTrained ? [1200, 1100] : []).map((step) =>
    checkpoint({ branch: 'main', step, created: now - 160 }),
  ),
});

export const branchedLineage = (now: number) => ({
  ...model,
  head: 'branch-3',
  branches: table(now)`
name     | parent                            | opened     | newest_step | why
main     | null                              | now-190000 | 1240        | Started from smollm2.
branch-2 | {"branch":"main","step":1100}     | now-92000  | 1460        | Restore v001_sample.
branch-3 | {"branch":"branch-2","step":1300} | now-9000   | 1412        | Restore step 1300 of branch-2.`,
  checkpoints: table(now)`
branch   | step | created   | in_ancestry | complete | problem
branch-3 | 1400 | now-50    | true        | false    | null
branch-3 | 1380 | now-130   | true        | false    | null
branch-3 | 1360 | now-210   | true        | false    | null
branch-2 | 1460 | now-9400  | false       | false    | null
branch-2 | 1300 | now-11000 | true        | false    | null
main     | 1240 | now-92400 | false       | false    | model/model.safetensors has 1,024 bytes.
main     | 1180 | now-92900 | false       | true     | null
main     | 1100 | now-94000 | true        | true     | null`.map(checkpoint),
});

export const lineageOf = (now: number): LineageState =>
  complete(lineageState, branchedLineage(now), 'lineage');

/** Worse after 1,100 on `main`, better on its branches. */
export function validationOf(lineage: LineageState, headStep: number): BranchValidation[] {
  return lineage.branches.map(({ name, parent, newest_step }) => {
    const from = parent?.step ?? 0;
    const to = name === lineage.head ? headStep : (newest_step ?? from);
    const slope = name === 'main' ? 0.0003 : -0.00015;
    const evaluations = Array.from({ length: Math.floor((to - from) / 20) }, (_, n) => {
      const step = from + 20 * (n + 1);
      return {
        step,
        core_loss: 0.19 + 2.4 * Math.exp(-step / 300) + Math.max(0, step - 1100) * slope,
      };
    });
    return complete(branchValidation, { branch: name, evaluations }, 'validation');
  });
}

const version = (facts: Record<string, unknown>) => ({
  folder: `${WORKSPACE}/models/versions/${String(facts['name'])}`,
  how: 'automatically after a dataset',
  bytes: VERSION_BYTES,
  evaluated_precision: 'bf16',
  config: {
    ...factoryConfig,
    base_model: 'smollm2',
    learning_rate: facts['number'] === 1 ? 2e-4 : 1e-4,
  },
  ...facts,
});

export const versionsOf = (now: number) =>
  table(now)`
number | name        | branch | step | created  | validation_loss | gap   | exact_match     | evaluated_step | parent
2      | v002_faq    | main   | 1180 | now-1800 | 0.187           | 0.012 | {"k":20,"n":20} | 1180           | v001_sample
1      | v001_sample | main   | 1100 | now-3590 | 0.211           | 0.02  | {"k":19,"n":20} | -              | -`.map(
    (facts, index) => {
      const { id, name } = passes[1 - index] ?? passes[0];
      return version({ ...facts, datasets: [{ id, name }], description: `After ${name}.` });
    },
  );

export const branchedVersions = (now: number) => [
  ...table(now)`
number | name                     | branch   | step | created   | validation_loss | gap    | exact_match     | evaluated_step | pinned
4      | v004_before-the-holidays | branch-3 | 1380 | now-120   | 0.168           | -0.003 | {"k":45,"n":64} | 1200           | true
3      | v003_support-2026-10     | branch-2 | 1250 | now-12000 | 0.205           | 0.006  | {"k":39,"n":64} | 1250           | false`.map(
    (facts, index) => {
      const { id, name } = passes[3 - index] ?? passes[0];
      return version({ ...facts, datasets: [{ id, name }], description: `After ${name}.` });
    },
  ),
  ...versionsOf(now - 90_000),
];

const sources: Readonly<Record<string, object>> = {
  [MODEL_PARTS]: { kind: 'model' },
  v001_sample: { kind: 'version', name: 'v001_sample' },
  'spring-adapters': { kind: 'folder', path: '/home/ada/models/spring-adapters' },
};

export const backupsOf = (now: number) =>
  table(now)`
id                          | created    | checked    | ok    | branch   | step | holds
pre-restore/20261124-094500 | now-9060   | now-9030   | true  | branch-2 | 1460 | -
manual/20261123-181200      | now-66000  | -          | -     | main     | 1100 | v001_sample
emergency/20261122-031100   | now-276480 | now-7200   | false | main     | 900  | -
manual/20261118-200000      | now-552960 | now-544320 | true  | -        | -    | spring-adapters`.map(
    ({ checked, ok, holds = MODEL_PARTS, ...facts }) => ({
      ...facts,
      type: String(facts['id']).split('/')[0],
      reason: 'before the holidays',
      folder: `${WORKSPACE}/models/backups/${String(facts['id'])}`,
      source: sources[String(holds)],
      holds,
      bytes: holds === MODEL_PARTS ? CHECKPOINT_BYTES : VERSION_BYTES,
      files: holds === MODEL_PARTS ? 11 : 7,
      verified:
        checked === undefined
          ? null
          : {
              t: checked,
              ok,
              problem: ok === true ? null : 'optimizer/moments.safetensors differs',
            },
    }),
  );

/** Datasets of the history that no other scene has. */
export const branchedDatasets = (now: number) =>
  [passes[2], passes[1]].map(({ id, name, from, to }) =>
    dataset(now, {
      id,
      name,
      place: 'completed',
      verdict: 'completed',
      rows: 560,
      accepted: 560,
      planned_steps: to - from + 1,
      done_steps: to - from + 1,
      finished: now - 12_000,
      validation_before: 0.231,
      validation_after: 0.205,
    }),
  );
