/** Memory, crashes, costs, disk, logs and diagnostics, as the screens that show them need them. */
import { WORKSPACE } from '../scenes/models.ts';
import { table } from '../scenes/table.ts';
import type { Answers, Stage } from '../stage.ts';

const OOM = 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.16 GiB.';

const crashesOf = (now: number) =>
  table(now)`
t           | category                       | dataset           | step | resumed_from | steps_lost | seconds | message
now-18000   | gpu_out_of_memory_context_lost | gsm8k_train.jsonl | 1037 | 1000         | 37         | 14.2    | ${OOM}
now-259200  | token_out_of_range             | sql_pairs.jsonl   | 612  | 609          | 3          | 12      | IndexError
now-1641600 | hang                           | tool_use_1.jsonl  | 300  | -            | -          | -       | no heartbeat`.map(
    (crash) => ({ ...crash, log: ['Traceback (most recent call last):', crash['message']] }),
  );

const diagnosticsName = (now: number): string =>
  `nightshift-diagnostics-${new Date(now * 1000).toISOString().slice(0, 10).replaceAll('-', '')}.tar.gz`;

type Observation = 'status' | 'health' | 'drill' | 'disk' | 'logs' | 'notices' | 'diagnostics';

/** A drill that is in its second exercise as soon as it is started. */
function drillAnswers(stage: Stage): Answers['drill'] {
  let state = 'none';
  const drill = () => ({
    state,
    started: state === 'none' ? null : stage.now(),
    message: null,
    exercises:
      state === 'none'
        ? []
        : table(0)`
id           | outcome | seconds | text
kill-trainer | passed  | 6.2     | Training again after 5.1 s, 3 steps repeated.`,
  });
  const become = (next: string) => () => {
    state = next;
    return drill();
  };
  return { get: drill, start: become('running'), cancel: become('canceled') };
}

export const observationAnswers = (stage: Stage): Pick<Answers, Observation> => ({
  status: {
    memory: () => ({
      host: { used_mb: 14_210, total_mb: 64_213, percent: 22.1 },
      trainer: { pid: 41_225, resident_mb: 2912 },
      engine: { pid: 41_180, resident_mb: 118 },
    }),
  },
  health: {
    crashes: ({ limit }) => crashesOf(stage.now()).slice(0, limit),
    monitoring: () => ({
      budget_percent: 5,
      trainer_percent: 1.64,
      parts: table(0)`
id               | times | seconds | percent
evaluation       | 3     | 8.1     | 1.3
preview          | 6     | 2.1     | 0.34
checkpoint_stall | 12    | 0.7     | 0.11`,
      engine_percent: 0.42,
      measured_seconds: 620,
      updated_at: stage.now(),
    }),
  },
  drill: drillAnswers(stage),
  disk: {
    use: () => ({
      t: stage.now() - 20,
      parts: table(0)`
id          | bytes  | files
checkpoints | 21.6e9 | 27
versions    | 3.6e9  | 33
backups     | 16.8e9 | 18
datasets    | 9.8e9  | 71`,
      free_bytes: 212.4e9,
      total_bytes: 931e9,
      floor_bytes: 50e9,
    }),
  },
  logs: {
    read: ({ source, search, limit }) => {
      if (source === 'trainer') return { source };
      const lines = Array.from({ length: 1200 }, (_, n) => `02:15:00Z line ${String(n + 1)}`);
      return {
        source,
        path: `${WORKSPACE}/logs/engine_20261124.log`,
        lines: lines.filter((line) => line.includes(search)).slice(-limit),
        more: search === '',
      };
    },
  },
  notices: {
    dismiss: ({ id }) => {
      stage.update('notices', id, { dismissed: true });
      return undefined;
    },
  },
  diagnostics: {
    list: ({ names }) => ({
      name: diagnosticsName(stage.now()),
      names,
      files: table(0)`
path                    | bytes | omitted | about
versions.json           | 312   | 0       | program, Node and the system
logs/engine_20261124.log | 20412 | 3      | the last lines of the engine’s log: known forms only`,
    }),
    bundle: ({ names }) =>
      new File([`bundle, names ${String(names)}`], diagnosticsName(stage.now()), {
        type: 'application/gzip',
      }),
  },
});
