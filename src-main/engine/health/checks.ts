/** The checks, each with its evidence and, when something is wrong, what to do. Pure. */
import { duration, gigabytes, plural } from '../../contract/format.ts';
import type { Check } from '../../contract/index.ts';
import type { FileProblem } from '../../formats/index.ts';
import type { OpenPlace } from './permissions.ts';

export type CheckResult = Pick<Check, 'state' | 'evidence' | 'fix'>;

/** Below this multiple of the minimum free space a warning is shown. */
const LOW_DISK_FACTOR = 1.2;

const ok = (evidence: string): CheckResult => ({ state: 'ok', evidence, fix: null });
const warn = (evidence: string, fix: string | null): CheckResult => ({
  state: 'warn',
  evidence,
  fix,
});
const fail = (evidence: string, fix: string): CheckResult => ({ state: 'fail', evidence, fix });
const unknown = (evidence: string): CheckResult => ({ state: 'unknown', evidence, fix: null });

export function checkTrainer(facts: {
  readonly isSupervising: boolean;
  readonly alive: boolean;
  readonly pid: number | null;
  readonly phase: string | null;
  readonly ageSeconds: number | null;
  readonly staleAfter: number;
  readonly recovering: string | null;
  readonly notReady: string | null;
}): CheckResult {
  const { pid, phase, ageSeconds: age } = facts;
  if (facts.notReady !== null)
    return fail(facts.notReady, 'Retried automatically; Resume retries now.');
  if (facts.recovering !== null) return warn(facts.recovering, 'Restarting automatically.');
  if (!facts.isSupervising) return ok('Engine running; no trainer is needed right now.');
  if (!facts.alive) return warn('The trainer is starting.', null);
  if (age === null) return unknown(`Process ${pid ?? '?'} is running; no heartbeat yet.`);
  if (age > facts.staleAfter && phase !== 'paused')
    return warn(
      `No heartbeat for ${duration(age)} (phase ${phase ?? '?'}).`,
      'After the hang timeout the trainer is killed and restarted automatically.',
    );
  return ok(`Process ${pid ?? '?'}, heartbeat ${duration(age)} ago, phase ${phase ?? '?'}.`);
}

/** `problem`: why nothing can be written, whatever the free space; null: it can be. */
export function checkDisk(
  freeGb: number | null,
  minimumGb: number | null,
  problem: string | null = null,
): CheckResult {
  if (problem !== null)
    return fail(problem, 'Pause and stop still work, but nothing is saved until this is fixed.');
  if (freeGb === null || minimumGb === null) return unknown("Free space couldn't be read.");
  const evidence = `${gigabytes(freeGb)} free, minimum free space ${gigabytes(minimumGb)}.`;
  if (freeGb < minimumGb)
    return fail(
      evidence,
      'Saving is paused. Free up space on this disk, or lower disk.min_free_gb.',
    );
  if (freeGb < minimumGb * LOW_DISK_FACTOR)
    return warn(evidence, 'Free up space on this disk; below the minimum, saving is paused.');
  return ok(evidence);
}

export function checkPython(state: 'ok' | 'missing' | 'checking', detail: string): CheckResult {
  if (state === 'ok') return ok(detail);
  if (state === 'checking') return unknown(detail);
  return fail(detail, 'Run `npm run setup`, then check again.');
}

/** `full`: what reading every byte came to; null: not done yet. Times in Unix seconds. */
export function checkCheckpoint(facts: {
  readonly newest: { readonly step: number; readonly problem: string | null } | null;
  /** Newest first: folders whose manifest can't be read. */
  readonly unreadable: readonly number[];
  readonly full: {
    readonly result: {
      readonly resumes: { readonly step: number } | null;
      readonly skipped: readonly { readonly step: number; readonly reason: string }[];
    };
    readonly t: number;
    readonly isCurrent: boolean;
  } | null;
  readonly now: number;
}): CheckResult {
  const { newest, unreadable, full, now } = facts;
  const [damaged] = unreadable;
  if (newest === null && damaged === undefined)
    return ok('No checkpoint yet; nothing has been trained.');
  if (full === null || !full.isCurrent) return bySize(newest, damaged ?? null, full, now);
  const { resumes, skipped } = full.result;
  const age = `every byte read ${duration(now - full.t)} ago`;
  const reasons = skipped.map(({ step, reason }) => `step ${step}: ${reason}`).join('; ');
  if (resumes === null)
    return fail(
      `No checkpoint can be used (${reasons}; ${age}).`,
      'Repair the files, or restore a version or a backup in Models.',
    );
  if (skipped.length > 0)
    return warn(
      `${reasons.charAt(0).toUpperCase()}${reasons.slice(1)} (${age}).`,
      `Training resumes from step ${resumes.step} automatically.`,
    );
  return ok(`Step ${resumes.step}: checksums OK, ${age}.`);
}

/** Until every byte has been read. */
function bySize(
  newest: { readonly step: number; readonly problem: string | null } | null,
  damaged: number | null,
  full: {
    readonly result: { readonly resumes: { readonly step: number } | null };
    readonly t: number;
  } | null,
  now: number,
): CheckResult {
  if (newest === null || (damaged !== null && damaged > newest.step))
    return warn(`Step ${damaged ?? 0}: manifest.json can't be read.`, 'Check again in a minute.');
  if (newest.problem !== null)
    return warn(`Step ${newest.step}: ${newest.problem}.`, 'Training uses an older checkpoint.');
  const resumes = full?.result.resumes ?? null;
  const older =
    full === null || resumes === null
      ? 'its checksums are being read'
      : `step ${resumes.step} was read completely ${duration(now - full.t)} ago`;
  return ok(`Step ${newest.step}: all files present, sizes OK; ${older}.`);
}

export function checkConfig(problem: string | null, file: string): CheckResult {
  if (problem === null) return ok('config.json is valid.');
  return fail(problem, `Fix ${file}, or move it away; it is read again within seconds.`);
}

/** `problem` null: the base model is complete. `id` empty: none is selected. */
export function checkBase(id: string, problem: string | null): CheckResult {
  if (id === '') return ok('No base model is selected yet.');
  if (problem === null) return ok(`${id}: all files present.`);
  return fail(
    `${problem.charAt(0).toUpperCase()}${problem.slice(1)}.`,
    'Put the folder back, or select another base model in Config.',
  );
}

const SHOWN_PROBLEMS = 5;

/** `found`: damaged now; `repaired`: found when the engine started, and written again since. */
export function checkFiles(
  found: readonly FileProblem[],
  repaired: readonly FileProblem[],
): CheckResult {
  const problems = [...found, ...repaired];
  if (problems.length === 0) return ok('All files of the workspace can be read.');
  const shown = problems
    .slice(0, SHOWN_PROBLEMS)
    .map(({ problem, effect }) => `${problem}: ${effect}.`);
  const more = problems.length - shown.length;
  if (more > 0) shown.push(`${plural(more, 'more file')}.`);
  return warn(
    shown.join(' '),
    found.length === 0
      ? 'The damaged content was kept beside each file that held any, as *.damaged-<time>.'
      : 'Replace the file from a backup, or check the disk. The journal lists every file.',
  );
}

/** `open` null: where permissions are not modes. */
export function checkPermissions(open: readonly OpenPlace[] | null, root: string): CheckResult {
  if (open === null) return ok('The permissions of the folder apply.');
  if (open.length === 0) return ok('Only this account can read the workspace.');
  const shown = open
    .slice(0, SHOWN_PROBLEMS)
    .map(({ name, mode }) => `${name} (mode ${mode.toString(8)})`);
  const more = open.length - shown.length;
  if (more > 0) shown.push(plural(more, 'more folder'));
  return warn(
    `Other accounts can open ${shown.join(', ')}.`,
    `Run \`chmod -R go= ${root}\`, unless this is intended.`,
  );
}

export function checkQueue(facts: {
  readonly stuck: readonly {
    readonly name: string;
    readonly minutes: number;
    readonly message: string | null;
  }[];
  readonly needDecision: number;
  readonly waiting: number;
}): CheckResult {
  const [first] = facts.stuck;
  if (first !== undefined) {
    const message = first.message ?? 'no reason is known';
    return warn(
      `${first.name} has been waiting for ${first.minutes} min: ${message}.`,
      'See its row in Data.',
    );
  }
  if (facts.needDecision > 0)
    return warn(
      `${plural(facts.needDecision, 'file needs', 'files need')} your decision.`,
      'Review files in Data.',
    );
  return ok(
    facts.waiting === 0
      ? 'Queue is empty.'
      : `${plural(facts.waiting, 'file')} waiting in the queue.`,
  );
}
