/** The trainer's own walk over a branch's checkpoints, by the worker `verify`: the newest whose bytes are all what was saved. */
import { z } from 'zod';
import { Refusal } from '../../contract/index.ts';
import type { WorkerRequest } from '../../formats/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';

const scanned = z.object({
  type: z.literal('scanned'),
  resumes: z
    .object({
      step: z.number().int(),
      branch: z.string(),
      folder: z.string(),
      base: z.looseObject({ id: z.string(), hash: z.string() }),
      cursor: z
        .looseObject({ dataset: z.string(), content_hash: z.string(), complete: z.boolean() })
        .nullable(),
      /** xxh3-128 of the dataset's file as it is now; null when its path was not given or there is none. */
      dataset_file_hash: z.string().nullable(),
    })
    .nullable(),
  skipped: z.array(z.object({ step: z.number().int(), folder: z.string(), reason: z.string() })),
  bytes: z.number(),
  seconds: z.number(),
});
export type Walk = Omit<z.infer<typeof scanned>, 'type'>;

/** Reads every byte of one checkpoint: what is wrong, null when all is what was saved. Refusal NOT_READY when the worker cannot run. */
export async function readThrough(
  trainer: Pick<TrainerRoom, 'work'>,
  folder: string,
): Promise<string | null> {
  const walk = await ask(trainer, { folder, datasets: {} }, folder);
  return walk.resumes === null ? (walk.skipped[0]?.reason ?? 'it is missing') : null;
}

/**
 * Reads every byte of the checkpoints under `folder`, newest first, until one verifies. `datasets`: id to the path of its file.
 * Refusal NOT_READY when the worker cannot run.
 */
export async function walkCheckpoints(
  trainer: Pick<TrainerRoom, 'work'>,
  folder: string,
  datasets: Readonly<Record<string, string>> = {},
): Promise<Walk> {
  return ask(trainer, { checkpoints: folder, datasets: { ...datasets } }, folder);
}

async function ask(
  trainer: Pick<TrainerRoom, 'work'>,
  verify: WorkerRequest<'verify'>['verify'],
  folder: string,
): Promise<Walk> {
  const walks: Walk[] = [];
  const result = await trainer.work(
    'verify',
    { verify },
    {
      onEvent: (event) => {
        const parsed = scanned.safeParse(event);
        if (parsed.success) walks.push(parsed.data);
      },
    },
  );
  const [walk] = walks;
  if (result.ok && walk !== undefined) return walk;
  throw new Refusal(
    'NOT_READY',
    `The checkpoints under ${folder} could not be read through: ${result.ok ? 'the worker left no answer' : result.message}`,
    { subject: folder, next: 'The engine log has the details; it can be tried again.' },
  );
}
