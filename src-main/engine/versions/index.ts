/**
 * Versions: makes kept weights from checkpoints and lists them; knows the lineage, its base and its newest checkpoint.
 * Promises: a number is never given twice; a version is published whole, with a SHA-256 of every file; weights are shared, not copied.
 * Never: deletes a version without its name typed, touches current_model's weights, trains.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import {
  type Config,
  type EvaluationPoint,
  isInAncestry,
  ancestryOf,
  type AncestrySegment,
  type Point,
  Refusal,
  type Version,
  type VersionCheck,
} from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { Journal } from '../journal/index.ts';
import {
  type Checkpoint,
  checkpointName,
  type CheckpointOrigin,
  listCheckpoints,
  newestCheckpoint,
} from './checkpoints.ts';
import {
  type BaseFacts,
  type BranchEntry,
  type Lineage,
  nextBranch,
  readBase,
  readLineage,
  writeLineage,
} from './lineage.ts';
import {
  slugOf,
  readVersionOrigin,
  toVersion,
  TRASH_DAYS,
  VersionStore,
  versionName,
} from './store.ts';

export {
  type Checkpoint,
  listCheckpoints,
  checkpointName,
  type CheckpointCursor,
  type CheckpointOrigin,
} from './checkpoints.ts';
export { createDaily } from './daily.ts';
export type { BaseFacts, BranchEntry, Lineage } from './lineage.ts';
export { readBase } from './lineage.ts';
export { slugOf } from './store.ts';

/** What an evaluation gives a version. Losses in nats a trained token. */
interface Measured {
  readonly validationLoss: number | null;
  readonly gap: number | null;
  readonly exactMatch: { readonly k: number; readonly n: number } | null;
  /** Where the figures are from: the newest evaluation may lie before the step that is kept. */
  readonly evaluatedStep: number | null;
}

export function measuredBy(evaluation: EvaluationPoint | null): Measured {
  const k = evaluation?.exact_k ?? null;
  const n = evaluation?.exact_n ?? null;
  return {
    validationLoss: evaluation?.core_loss ?? evaluation?.slice_loss ?? null,
    gap: evaluation?.gap ?? null,
    exactMatch: k === null || n === null ? null : { k, n },
    evaluatedStep: evaluation?.step ?? null,
  };
}

/** What a finished pass gives a version. */
export interface VersionInput extends Measured {
  readonly pass: string;
  readonly dataset: { readonly id: string; readonly name: string };
  readonly step: number;
  readonly stepsDone: number;
  readonly trainingLoss: number | null;
  readonly config: Config;
}

/** What is known when a version is made by hand. */
export interface HandVersionInput extends Measured, Pick<VersionInput, 'trainingLoss' | 'config'> {
  readonly description: string;
  readonly by: string;
  /** How it came about, `by hand` where nothing is said. */
  readonly how?: string;
  /** The dataset that is being trained, if any. */
  readonly dataset: { readonly id: string; readonly name: string } | null;
}

export type VersionsRoom = Awaited<ReturnType<typeof createVersions>>;

export async function createVersions(options: {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Reads every byte of one checkpoint: what is wrong, null when all is what was saved. Throws when it cannot be read through. */
  readonly readThrough?: (folder: string) => Promise<string | null>;
}) {
  const store = new VersionStore(options.paths);
  const changed = new Emitter<void>();
  let known: readonly Version[] = (await store.list()).map(toVersion);
  let lineage: Lineage | null = await readLineage(options.paths);
  /** A configuration without a base means the one that the lineage began from. */
  const chosen = (): string => {
    const { base_model: named } = options.config.values();
    return named === '' ? (lineage?.base.id ?? '') : named;
  };
  let base: BaseFacts | null = await readBase(options.paths, chosen());

  const branch = (): string => lineage?.branch ?? 'main';
  const branchFolder = (): string => options.paths.checkpoints(branch());

  const ancestry = (): readonly AncestrySegment[] => ancestryOf(lineage?.branches ?? [], branch());
  const branchNames = (): readonly string[] =>
    lineage === null ? ['main'] : lineage.branches.map((branch) => branch.name);
  /** As they were at the last look; the feed shows them without reading the disk. */
  let saved: readonly (Checkpoint & { readonly branch: string })[] = [];
  /** Of every branch, oldest branch first, newest step first. */
  async function allCheckpoints(): Promise<typeof saved> {
    const found: (Checkpoint & { readonly branch: string })[] = [];
    for (const name of branchNames())
      for (const checkpoint of await listCheckpoints(options.paths.checkpoints(name)))
        found.push({ ...checkpoint, branch: name });
    saved = found;
    return found;
  }
  /** The newest version of what is in the model now. */
  const newestInLine = (all: readonly Version[]): Version | null =>
    all.find((version) => isInAncestry(ancestry(), version)) ?? null;

  const hasTrained = async (): Promise<boolean> =>
    (await listCheckpoints(branchFolder())).length > 0;

  async function beginLineage(from: BaseFacts): Promise<void> {
    const begun: Lineage = {
      format: 1,
      branch: 'main',
      head: null,
      base: { id: from.id, folder: from.folder, hash: from.hash },
      method: options.config.values().method,
      branches: [
        {
          name: 'main',
          parent: null,
          left: null,
          opened: options.clock.now(),
          why: `It began from ${from.id} (${from.label}).`,
        },
      ],
    };
    // On the disk first: nobody is told of a lineage that is not there.
    await writeLineage(options.paths, begun);
    lineage = begun;
    options.journal.write({
      what: 'versions.lineage',
      text: `The lineage begins from ${from.id} (${from.label}).`,
      evidence: { base: from.id, hash: from.hash },
    });
    changed.emit(undefined);
  }

  /** While nothing was trained the lineage follows the chosen base, however it was chosen. */
  async function followBase(): Promise<void> {
    if (base === null || lineage?.base.hash === base.hash) return;
    // Beside branches that hold something, a new base opens another one, and nothing is written over.
    if ((lineage?.branches.length ?? 0) > 1 || (await hasTrained())) return;
    await beginLineage(base);
  }
  await followBase();
  await allCheckpoints();
  const gone = await store.emptyTrash(options.clock.now());
  if (gone.length > 0)
    options.journal.write({
      what: 'versions.trash',
      text: `${gone.join(', ')} left the trash after ${String(TRASH_DAYS)} days.`,
    });

  async function find(name: string) {
    const found = (await store.list()).find((version) => version.name === name);
    if (found === undefined)
      throw new Refusal('NOT_FOUND', `There is no version ${name}.`, { subject: name });
    return found;
  }
  /** A version is a link to the checkpoint's files: what does not verify must not get a name. Refusal NOT_READY. */
  async function requireSound(folder: string, step: number): Promise<void> {
    const found = (await listCheckpoints(path.dirname(folder))).find(
      (checkpoint) => checkpoint.step === step,
    );
    let problem = found === undefined ? 'its manifest.json cannot be read' : found.problem;
    if (problem === null && options.readThrough !== undefined)
      problem = await options.readThrough(folder).catch((error: unknown) => {
        // Without the worker the sizes have to do; the version has SHA-256 of its own from here on.
        options.journal.write({
          what: 'versions.sizes_only',
          text: `The checkpoint of step ${step} was looked at by its sizes only: ${error instanceof Error ? error.message : String(error)}`,
          step,
        });
        return null;
      });
    if (problem === null) return;
    throw new Refusal('NOT_READY', `The checkpoint of step ${step} is damaged: ${problem}.`, {
      subject: folder,
      next: 'No version was made of it; the next checkpoint can be kept.',
    });
  }
  async function hasCheckpoint(at: { branch: string; step: number }): Promise<boolean> {
    return (await listCheckpoints(options.paths.checkpoints(at.branch))).some(
      (checkpoint) => checkpoint.step === at.step && checkpoint.problem === null,
    );
  }
  async function isLastCopy(file: Version): Promise<boolean> {
    const others = (await store.list()).some(
      (version) =>
        version.name !== file.name && version.branch === file.branch && version.step === file.step,
    );
    return !others && !(await hasCheckpoint(file));
  }
  async function reread(): Promise<void> {
    known = (await store.list()).map(toVersion);
    changed.emit(undefined);
  }

  return {
    changed,
    branch,
    /** The id of the chosen base, empty on a first run. */
    chosen,
    lineage: (): Lineage | null => lineage,
    /** The chosen base, null while none is chosen or its folder cannot be read. */
    base: (): BaseFacts | null => base,
    /** Why there is no base to begin from; null: there is one. */
    noBase(): string | null {
      if (base !== null) return null;
      const id = chosen();
      return id === ''
        ? 'no base model is chosen'
        : `the base model ${id} cannot be read: ${options.paths.base(id)}`;
    },
    list: (): readonly Version[] => known,
    checkpoints: () => listCheckpoints(branchFolder()),
    allCheckpoints,
    /** What `allCheckpoints` found last. */
    saved: () => saved,
    /** What led to the head: its own branch, and before the fork the one it left. */
    ancestry,
    branches: (): readonly BranchEntry[] => lineage?.branches ?? [],
    /** A name that no branch and no folder has. Refusal NOT_READY while no lineage was begun. */
    async nextBranch(): Promise<string> {
      if (lineage === null)
        throw new Refusal('NOT_READY', 'No base model is chosen, so nothing was trained.', {
          next: 'Choose a base model first.',
        });
      const root = path.dirname(branchFolder());
      return nextBranch(lineage, await readdir(root).catch(() => []));
    },
    /**
     * The switch: the new branch becomes the head by one replacement of lineage.json. Throws what the disk throws; what then holds
     * is what `reload` reads.
     */
    async openBranch(
      entry: BranchEntry,
      step: number,
      from: { readonly id: string; readonly hash: string },
    ): Promise<void> {
      if (lineage === null) throw new Error('there is no lineage');
      const next: Lineage = {
        ...lineage,
        branch: entry.name,
        head: step,
        base: { id: from.id, folder: options.paths.base(from.id), hash: from.hash },
        branches: [...lineage.branches.filter((branch) => branch.name !== entry.name), entry],
      };
      await writeLineage(options.paths, next);
      lineage = next;
    },
    /** Reads lineage.json and the checkpoints again; answers the head's branch. */
    async reload(): Promise<string> {
      lineage = await readLineage(options.paths);
      await allCheckpoints();
      changed.emit(undefined);
      return branch();
    },
    /** What is wrong with the files of a version's folder, wherever it lies; null: every byte is what was published. */
    problemAt: async (folder: string): Promise<string | null> =>
      (await store.verify({ name: path.basename(folder), folder })).problem,
    /** What a version, in its place or in a copy, was made of; null in those that did not keep it. */
    originOf: (folder: string): Promise<CheckpointOrigin | null> => readVersionOrigin(folder),
    newestCheckpoint: () => newestCheckpoint(branchFolder()),
    /** Bytes that one checkpoint takes: fp32 weights and two moments, or what the last one took. */
    async checkpointBytes(): Promise<number> {
      const newest = await newestCheckpoint(branchFolder());
      return Math.max(newest?.bytes ?? 0, (base?.parameters ?? 0) * 12) + 16 * 1024 * 1024;
    },
    /** Reads the base again after `base_model` changed. */
    async refreshBase(): Promise<void> {
      const next = await readBase(options.paths, chosen());
      if (next?.hash === base?.hash && next?.id === base?.id) return;
      base = next;
      await followBase();
      changed.emit(undefined);
    },
    hasTrained,
    /** Why nothing can be trained as it is: another base is chosen, which begins another lineage; null: it is the one of the head. */
    mismatch(): string | null {
      if (base === null || lineage === null || lineage.base.hash === base.hash) return null;
      return `base_model is ${base.id}, the model began from ${lineage.base.id}.`;
    },
    /** The base that the user chooses now, before the configuration names it. */
    async choose(id: string): Promise<void> {
      base = await readBase(options.paths, id);
      if (base === null) throw new Error(`the base ${id} was made and cannot be read`);
      await followBase();
      changed.emit(undefined);
    },
    /** The same pass and step give the same version, however often it is asked for. */
    async create(input: VersionInput): Promise<Version> {
      const all = await store.list();
      const same = all.find(
        (version) => version.pass === input.pass && version.step === input.step,
      );
      if (same !== undefined) return toVersion(same);
      const folder = path.join(branchFolder(), checkpointName(input.step));
      await requireSound(folder, input.step);
      const model = path.join(folder, 'model');
      const number = await store.nextNumber();
      const name = versionName(number, slugOf(input.dataset.name));
      const steps = `${input.stepsDone} ${input.stepsDone === 1 ? 'step' : 'steps'}`;
      const made = await store.publish(model, {
        format: 1,
        pass: input.pass,
        dataset: input.dataset.id,
        number,
        name,
        description: `after ${input.dataset.name}, ${steps}`,
        created: options.clock.now(),
        branch: branch(),
        step: input.step,
        datasets: [input.dataset],
        validation_loss: input.validationLoss,
        gap: input.gap,
        training_loss: input.trainingLoss,
        exact_match: input.exactMatch,
        evaluated_step: input.evaluatedStep,
        parent: newestInLine(all)?.name ?? null,
        pinned: false,
        how: 'automatically after a dataset',
        config: input.config,
      });
      if (lineage !== null) {
        lineage = { ...lineage, head: input.step };
        await writeLineage(options.paths, lineage);
      }
      known = (await store.list()).map(toVersion);
      options.journal.write({
        what: 'versions.create',
        text: `Version ${name} was made from step ${input.step}.`,
        step: input.step,
        dataset: input.dataset.id,
        evidence: { folder: made.folder, bytes: made.bytes },
      });
      changed.emit(undefined);
      return toVersion(made);
    },
    /** A checkpoint whose sizes are right, or a version, holds the weights of this point. */
    async holds(point: { readonly branch: string; readonly step: number }): Promise<boolean> {
      const kept = (await store.list()).some(
        (version) => version.branch === point.branch && version.step === point.step,
      );
      return kept || (await hasCheckpoint(point));
    },
    async get(name: string): Promise<{ version: Version; last_copy: boolean }> {
      const file = await find(name);
      return { version: toVersion(file), last_copy: await isLastCopy(file) };
    },
    /** Keeps the newest checkpoint. Refusal NOT_READY when there is none, or when its step is kept already. */
    async createByHand(input: HandVersionInput): Promise<Version> {
      const newest = await newestCheckpoint(branchFolder());
      if (newest === null)
        throw new Refusal('NOT_READY', 'There is no checkpoint yet, so there is nothing to keep.', {
          next: 'Train first; a checkpoint is saved every save_steps steps and at each pause.',
        });
      const all = await store.list();
      // The first checkpoint of a restored branch holds what its parent point holds.
      const points: readonly Point[] = [
        { branch: branch(), step: newest.step },
        ...(lineage?.branches.find((entry) => entry.name === branch())?.parent?.step === newest.step
          ? ancestry()
              .slice(-2, -1)
              .map((segment) => ({ branch: segment.branch, step: newest.step }))
          : []),
      ];
      const same = all.find((version) =>
        points.some((at) => version.branch === at.branch && version.step === at.step),
      );
      if (same !== undefined)
        throw new Refusal('NOT_READY', `Step ${newest.step} is kept already as ${same.name}.`, {
          subject: same.name,
          next: 'Pause, which saves the current step, or wait for the next checkpoint.',
        });
      await requireSound(newest.folder, newest.step);
      const number = await store.nextNumber();
      const name = versionName(number, slugOf(input.description));
      const made = await store.publish(path.join(newest.folder, 'model'), {
        format: 1,
        pass: null,
        dataset: input.dataset?.id ?? null,
        number,
        name,
        description: input.description,
        created: options.clock.now(),
        branch: branch(),
        step: newest.step,
        datasets: input.dataset === null ? [] : [input.dataset],
        validation_loss: input.validationLoss,
        gap: input.gap,
        training_loss: input.trainingLoss,
        exact_match: input.exactMatch,
        evaluated_step: input.evaluatedStep,
        parent: newestInLine(all)?.name ?? null,
        pinned: false,
        how: input.how ?? 'manually',
        config: input.config,
      });
      options.journal.write({
        what: 'versions.create',
        text: `Version ${name} was made ${made.how} from step ${newest.step} (${input.by}).`,
        step: newest.step,
        evidence: { folder: made.folder, bytes: made.bytes },
      });
      await reread();
      return toVersion(made);
    },
    async pin(name: string, pinned: boolean): Promise<Version> {
      const next = { ...(await find(name)), pinned };
      await store.rewrite(next);
      options.journal.write({
        what: 'versions.pin',
        text: `${name} is ${pinned ? 'pinned' : 'no longer pinned'}.`,
      });
      await reread();
      return toVersion(next);
    },
    /** Its files with their SHA-256, or what is wrong with its records. */
    fileList: async (name: string) => store.fileList(await find(name)),
    /** `beside`: a folder whose bytes were read just now; files that the version shares with it are not read once more. */
    async verify(name: string, beside: string | null = null): Promise<VersionCheck> {
      const checked = await store.verify(await find(name), beside);
      options.journal.write({
        what: 'versions.verify',
        text: checked.ok
          ? `${name}: ${checked.files} files are what was published.`
          : `${name} is damaged: ${checked.problem ?? ''}.`,
      });
      return checked;
    },
    /**
     * Refusals LOCKED, NEEDS_CONFIRMATION (see the contract). No `pre-deletion` backup is made: the trash holds the very files for 30
     * days, which is the copy that a destructive act is preceded by, at no cost on a disk that is perhaps being cleared.
     */
    async remove(
      name: string,
      { confirm, last_copy, by }: { confirm: string | null; last_copy: boolean; by: string },
    ): Promise<void> {
      const file = await find(name);
      if (file.pinned)
        throw new Refusal('LOCKED', `${name} is pinned.`, {
          subject: name,
          next: 'Unpin it first.',
        });
      const isLast = await isLastCopy(file);
      const size = `${(file.bytes / 1e6).toFixed(1)} MB`;
      if (confirm !== name || (isLast && !last_copy))
        throw new Refusal(
          'NEEDS_CONFIRMATION',
          isLast
            ? `${name} (${size}) is the last copy of step ${file.step}: no checkpoint and no other version holds it.`
            : `${name} (${size}) goes to the trash for ${TRASH_DAYS} days.`,
          {
            subject: name,
            next: isLast
              ? `Confirm with its full name and --last-copy.`
              : `Confirm with its full name: --confirm ${name}.`,
            facts: { confirm: name, last_copy: isLast ? 'yes' : 'no' },
          },
        );
      const where = await store.toTrash(file, options.clock.now());
      options.journal.write({
        what: 'versions.delete',
        text: `${name} went to the trash (${by}); it lies in ${where} for ${TRASH_DAYS} days.`,
        step: file.step,
        evidence: { folder: where, last_copy: isLast },
      });
      await reread();
    },
  };
}
