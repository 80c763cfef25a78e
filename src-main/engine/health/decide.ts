/** Five checks, each with its evidence and, when something is wrong, what can be done. Pure. */
import { gigabytes } from '../../contract/format.ts';
import type { Check } from '../../contract/index.ts';

export type Judgement = Pick<Check, 'state' | 'evidence' | 'fix'>;

const ok = (evidence: string): Judgement => ({ state: 'ok', evidence, fix: null });

export function checkTrainer(r: {
  readonly isSupervising: boolean;
  readonly alive: boolean;
  readonly pid: number | null;
  readonly phase: string | null;
  readonly ageSeconds: number | null;
  readonly staleAfter: number;
  readonly recovering: string | null;
  readonly notReady: string | null;
}): Judgement {
  if (r.notReady !== null)
    return {
      state: 'fail',
      evidence: r.notReady,
      fix: 'It is tried again by itself; Resume tries at once.',
    };
  if (r.recovering !== null)
    return { state: 'warn', evidence: r.recovering, fix: 'A restart is under way.' };
  if (!r.isSupervising) return ok('The engine answers; no trainer is needed right now.');
  if (!r.alive) return { state: 'warn', evidence: 'The trainer is being started.', fix: null };
  const age = r.ageSeconds;
  if (age === null)
    return {
      state: 'unknown',
      evidence: `Process ${r.pid ?? '?'} runs; no heartbeat yet.`,
      fix: null,
    };
  if (age > r.staleAfter && r.phase !== 'paused')
    return {
      state: 'warn',
      evidence: `No heartbeat for ${age.toFixed(0)} s (phase ${r.phase ?? '?'}).`,
      fix: 'Past the hang limit the trainer is ended and started again by itself.',
    };
  return ok(`Process ${r.pid ?? '?'}, heartbeat ${age.toFixed(1)} s ago, phase ${r.phase ?? '?'}.`);
}

export function checkDisk(freeGb: number | null, floorGb: number | null): Judgement {
  if (freeGb === null || floorGb === null)
    return { state: 'unknown', evidence: 'The free space could not be read.', fix: null };
  const evidence = `${gigabytes(freeGb)} free, floor ${gigabytes(floorGb)}.`;
  if (freeGb < floorGb)
    return { state: 'fail', evidence, fix: 'Free space on this disk, or lower disk.min_free_gb.' };
  if (freeGb < floorGb * 1.2)
    return { state: 'warn', evidence, fix: 'Free space on this disk before the floor is reached.' };
  return ok(evidence);
}

export function checkPython(state: 'ok' | 'missing' | 'checking', detail: string): Judgement {
  if (state === 'ok') return ok(detail);
  if (state === 'checking') return { state: 'unknown', evidence: detail, fix: null };
  return { state: 'fail', evidence: detail, fix: 'Run `npm run setup`, then look again.' };
}

export function checkCheckpoint(
  newest: { readonly step: number; readonly problem: string | null } | null,
  older: { readonly step: number } | null,
): Judgement {
  if (newest === null) return ok('There is no checkpoint yet; nothing was trained.');
  if (newest.problem === null) return ok(`Step ${newest.step}: every file is there with its size.`);
  return {
    state: older === null ? 'fail' : 'warn',
    evidence: `Step ${newest.step}: ${newest.problem}.`,
    fix:
      older === null
        ? 'Training begins from the base model again unless the file comes back.'
        : `Training continues from step ${older.step} by itself.`,
  };
}

export function checkQueue(r: {
  readonly stuck: readonly {
    readonly name: string;
    readonly minutes: number;
    readonly message: string | null;
  }[];
  readonly decide: number;
  readonly waiting: number;
}): Judgement {
  const first = r.stuck[0];
  if (first !== undefined)
    return {
      state: 'warn',
      evidence: `${first.name} waits for ${first.minutes} min: ${first.message ?? 'no reason is known'}.`,
      fix: 'Its row on the Data screen says what holds it up.',
    };
  if (r.decide > 0)
    return {
      state: 'warn',
      evidence: `${r.decide} ${r.decide === 1 ? 'file waits' : 'files wait'} for your decision.`,
      fix: 'Open Data and decide.',
    };
  return ok(
    r.waiting === 0
      ? 'Nothing waits.'
      : `${r.waiting} ${r.waiting === 1 ? 'file waits' : 'files wait'} in order.`,
  );
}
