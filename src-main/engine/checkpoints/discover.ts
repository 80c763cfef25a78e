/**
 * Checkpoint discovery as the trainer does it, by the worker `verify`: the newest checkpoint whose
 * bytes all match its manifest.
 */
import { Refusal } from '../../contract/index.ts';
import type { EventOf, SpecOf } from '../../formats/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';

export type DiscoveryResult = Omit<EventOf<'scanned'>, 't' | 'type'>;

/**
 * Reads every byte of one checkpoint: what is wrong, or null. Refusal NOT_READY when the worker
 * can't run.
 */
export async function verifyCheckpoint(
  trainer: Pick<TrainerRoom, 'work'>,
  folder: string,
): Promise<string | null> {
  const result = await runVerifyWorker(trainer, { folder, datasets: {} }, folder);
  return result.resumes === null ? (result.skipped[0]?.reason ?? 'it is missing') : null;
}

/**
 * Reads every byte of the checkpoints under `folder`, newest first, until one verifies. `datasets`:
 * id to the path of its file. Refusals NOT_READY when the worker can't run, DISK_FULL.
 */
export async function discoverCheckpoints(
  trainer: Pick<TrainerRoom, 'work'>,
  folder: string,
  datasets: Record<string, string> = {},
  isRoutine = false,
): Promise<DiscoveryResult> {
  return runVerifyWorker(trainer, { checkpoints: folder, datasets }, folder, isRoutine);
}

async function runVerifyWorker(
  trainer: Pick<TrainerRoom, 'work'>,
  verify: SpecOf<'verify'>['verify'],
  folder: string,
  isRoutine = false,
): Promise<DiscoveryResult> {
  const results: DiscoveryResult[] = [];
  const result = await trainer.work(
    'verify',
    { verify },
    {
      isRoutine,
      onEvent: (event) => {
        if (event.type === 'scanned') results.push(event);
      },
    },
  );
  const [discovery] = results;
  if (result.ok && discovery !== undefined) return discovery;
  if (!result.ok && result.category === 'disk_full')
    throw new Refusal(
      'DISK_FULL',
      `Couldn't verify the checkpoints in ${folder}: the disk is full.`,
      {
        subject: folder,
        next: 'Free disk space, then try again.',
      },
    );
  throw new Refusal(
    'NOT_READY',
    `Couldn't verify the checkpoints in ${folder}: ${result.ok ? 'the worker returned no result' : result.message}`,
    { subject: folder, next: 'See the engine log for details, then try again.' },
  );
}
