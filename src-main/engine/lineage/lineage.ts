/** The lineage in memory, and the few operations that replace `lineage.json`. */
import { readdir } from 'node:fs/promises';
import { ancestryOf, type AncestrySegment, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import { createSerializer } from '../../kit/serializer.ts';
import { nextBranchName } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Journal } from '../journal/index.ts';
import {
  type BranchEntry,
  type Lineage,
  type LineageRecovery,
  readLineage,
  updateLastGood,
  writeLineage,
} from './lineage-file.ts';
import { ifMissing } from '../../kit/system-errors.ts';

export type LineageRoom = Awaited<ReturnType<typeof createLineage>>;

export async function createLineage(options: {
  readonly paths: WorkspacePaths;
  readonly journal: Journal;
  readonly clock: Clock;
}) {
  const { paths, journal, clock } = options;
  const changed = new Emitter<void>();
  let lineage: Lineage | null = null;
  let recovery: LineageRecovery | null = null;

  /** A recovered lineage replaces the damaged file, so that other readers of it find the same. */
  async function load(): Promise<void> {
    const reading = await readLineage(paths);
    ({ lineage } = reading);
    if (reading.recovery === null) {
      if (lineage !== null) await updateLastGood(paths, lineage);
      return;
    }
    const { problem, used, text } = reading.recovery;
    ({ recovery } = reading);
    journal.write({
      what: 'lineage.recovered',
      text,
      evidence: { file: paths.lineage, problem, used },
    });
    if (lineage !== null) await writeLineage(paths, lineage);
  }
  await load();

  const branch = (): string => lineage?.branch ?? 'main';

  /**
   * One change at a time, each on top of the one before: two that start from the same state would
   * undo each other. Memory follows the disk, so that nothing is announced that a crash would lose.
   */
  const changes = createSerializer();
  const replace = (update: (current: Lineage | null) => Lineage | null): Promise<void> =>
    changes.run(async () => {
      const next = update(lineage);
      if (next === null) return;
      await writeLineage(paths, next);
      lineage = next;
    });

  return {
    changed,
    /** null until a base model was chosen for the first time. */
    current: (): Lineage | null => lineage,
    /** The last time that lineage.json was damaged; null: not since the engine started. */
    recovery: (): LineageRecovery | null => recovery,
    /** The branch that is trained. */
    branch,
    /** Oldest first. */
    branches: (): readonly BranchEntry[] => lineage?.branches ?? [],
    /** Names of all branches that can have checkpoints, oldest first. */
    branchNames: (): readonly string[] =>
      lineage === null ? ['main'] : lineage.branches.map((entry) => entry.name),
    /**
     * The segments that led to the head: its own branch, and before each fork the branch it left.
     */
    ancestry: (): readonly AncestrySegment[] => ancestryOf(lineage?.branches ?? [], branch()),
    /** A name that no branch and no folder has. Refusal NOT_READY before a lineage was started. */
    async nextBranch(): Promise<string> {
      if (lineage === null)
        throw new Refusal('NOT_READY', 'No base model is selected, so nothing was trained yet.', {
          next: 'Select a base model first.',
        });
      return nextBranchName(lineage, await readdir(paths.branches).catch(ifMissing([])));
    },
    /** Starts the lineage from `base`, or restarts it while nothing was trained. */
    async start(base: Lineage['base'] & { readonly label: string }, method: string): Promise<void> {
      const { id, hash, label } = base;
      await replace(() => startedLineage(base, method, clock.now()));
      journal.write({
        what: 'lineage.start',
        text: `Starting from base model ${id}.`,
        evidence: { base: id, label, hash },
      });
      changed.emit(undefined);
    },
    /**
     * The switch of a restore: one atomic replacement of lineage.json makes `entry` the head. After
     * an I/O error only `reload` knows whether the switch took place. `changed` is emitted by
     * `reload`.
     */
    async openBranch(
      entry: BranchEntry,
      step: number,
      base: { readonly id: string; readonly hash: string },
    ): Promise<void> {
      await replace((current) => {
        if (current === null) throw new Error('no lineage was started');
        return withHead(current, entry, step, base);
      });
    },
    /** Records the step of the newest version. */
    async setHead(step: number): Promise<void> {
      await replace((current) => (current === null ? null : { ...current, head: step }));
    },
    /** Reads lineage.json again; returns the branch that is trained. */
    async reload(): Promise<string> {
      await changes.run(load);
      changed.emit(undefined);
      return branch();
    },
  };
}

function startedLineage(
  { id, hash, label }: Lineage['base'] & { readonly label: string },
  method: string,
  now: number,
): Lineage {
  const why = `Started from ${id} (${label}).`;
  return {
    format: 1,
    branch: 'main',
    head: null,
    base: { id, hash },
    method,
    branches: [{ name: 'main', parent: null, left: null, opened: now, why }],
  };
}

function withHead(
  lineage: Lineage,
  entry: BranchEntry,
  step: number,
  { id, hash }: Lineage['base'],
): Lineage {
  const others = lineage.branches.filter((known) => known.name !== entry.name);
  return {
    ...lineage,
    branch: entry.name,
    head: step,
    base: { id, hash },
    branches: [...others, entry],
  };
}
