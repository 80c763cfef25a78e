/** What a clean-up of backups removes and keeps, each with its reason. Pure. */
import type { BackupType } from '../../contract/index.ts';

export interface CleanupCandidate {
  readonly id: string;
  readonly type: BackupType;
  /** Unix seconds. */
  readonly created: number;
  readonly bytes: number;
  /** What the last verification said. `unknown`: none was made. */
  readonly state: 'good' | 'damaged' | 'unknown';
  /** What it is a copy of: the same text, the same thing. */
  readonly holds: string;
  /** A checkpoint, a version, or the folder itself has it as well. */
  readonly isElsewhere: boolean;
  /** It is being read right now. */
  readonly inUse: boolean;
}

export interface CleanupRules {
  readonly now: number;
  readonly retentionDays: number;
  /** Good ones of each type that stay whatever their age; at least one does. */
  readonly keepPerType: number;
  /** Agreed to: also what nothing else holds. The newest good ones of a type stay all the same. */
  readonly lastCopies: boolean;
}

export interface CleanupDecision {
  readonly removes: readonly {
    readonly id: string;
    readonly bytes: number;
    readonly why: string;
  }[];
  readonly keeps: readonly { readonly id: string; readonly bytes: number; readonly why: string }[];
}

const day = 86_400;
const days = (seconds: number): string => {
  const count = Math.floor(seconds / day);
  return `${String(count)} ${count === 1 ? 'day' : 'days'}`;
};

/** The newest good ones of each type, by id: they are never removed. */
export function protectedOnes(
  all: readonly CleanupCandidate[],
  keepPerType: number,
): ReadonlySet<string> {
  const kept = new Map<BackupType, string[]>();
  for (const one of newestFirst(all)) {
    const ids = kept.get(one.type) ?? [];
    if (one.state === 'good' && ids.length < Math.max(1, keepPerType)) ids.push(one.id);
    kept.set(one.type, ids);
  }
  return new Set([...kept.values()].flat());
}

/**
 * Oldest first, so that of several copies of one thing the newest stays. A copy whose bytes are not known to be good counts for
 * nothing: it protects no other one.
 */
export function decideCleanup(
  all: readonly CleanupCandidate[],
  rules: CleanupRules,
): CleanupDecision {
  const guarded = protectedOnes(all, rules.keepPerType);
  const gone = new Set<string>();
  const why = new Map<string, string>();
  for (const one of newestFirst(all).toReversed()) {
    const age = rules.now - one.created;
    const hasOther =
      one.isElsewhere ||
      all.some(
        (other) =>
          other.id !== one.id &&
          other.holds === one.holds &&
          other.state === 'good' &&
          !gone.has(other.id),
      );
    const keep = (reason: string): void => {
      why.set(one.id, reason);
    };
    if (guarded.has(one.id))
      keep(
        rules.keepPerType > 1
          ? `one of the newest ${String(rules.keepPerType)} good ones of its type`
          : 'the newest good one of its type',
      );
    else if (one.inUse) keep('it is being read');
    else if (age < rules.retentionDays * day)
      keep(`${days(age)} old, kept for ${days(rules.retentionDays * day)}`);
    else if (!hasOther && !rules.lastCopies)
      keep(
        one.state === 'damaged'
          ? 'damaged, and nothing else holds it'
          : 'the last copy: nothing else holds it',
      );
    else {
      gone.add(one.id);
      why.set(one.id, reasonToRemove(one, age, hasOther));
    }
  }
  const told = (isGone: boolean): { id: string; bytes: number; why: string }[] =>
    newestFirst(all)
      .filter((one) => gone.has(one.id) === isGone)
      .map((one) => ({ id: one.id, bytes: one.bytes, why: why.get(one.id) ?? '' }));
  return { removes: told(true), keeps: told(false) };
}

function reasonToRemove(one: CleanupCandidate, age: number, hasOther: boolean): string {
  const copies = hasOther ? 'held elsewhere as well' : 'the last copy, agreed to';
  const state = one.state === 'damaged' ? ', damaged' : '';
  return `${days(age)} old${state}, ${copies}`;
}

const newestFirst = (all: readonly CleanupCandidate[]): readonly CleanupCandidate[] =>
  all.toSorted((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
