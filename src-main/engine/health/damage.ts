/** Damaged files of the workspace: found, kept aside before the engine writes them again, and told. */
import path from 'node:path';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import {
  type FileProblem,
  inspectFile,
  journalFileName,
  keepDamaged,
  listHistoryFiles,
  listStateFiles,
  moveAside,
  type WorkspaceFile,
} from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Clock } from '../../kit/clock.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';
import type { Journal } from '../journal/index.ts';

/** Files that are inspected before other work gets a turn. */
const FILES_AT_ONCE = 20;

export interface DamageReport {
  /** Damaged now. */
  found(): readonly FileProblem[];
  /** Damaged when the engine started, and written again since. */
  repaired(): readonly FileProblem[];
  /** The files that a start reads, and those that describe the models. */
  inspectState(): Promise<void>;
  /** Those of datasets, runs and the journal as well. */
  inspectAll(): Promise<void>;
}

interface HealthFiles {
  readonly paths: WorkspacePaths;
  readonly journal: Journal;
  readonly clock: Pick<Clock, 'now'>;
}

/** Before anything else reads the workspace, so that nothing is replaced unseen. */
export async function createDamageReport(options: HealthFiles): Promise<DamageReport> {
  const damage = new WorkspaceDamage(options);
  await damage.freeJournal(options.clock.now());
  await damage.inspectState();
  return damage;
}

class WorkspaceDamage implements DamageReport {
  private readonly paths: WorkspacePaths;
  private readonly journal: Journal;
  private readonly known = new Map<string, FileProblem>();
  private state = new Map<string, FileProblem>();
  private history = new Map<string, FileProblem>();

  constructor({ paths, journal }: Pick<HealthFiles, 'paths' | 'journal'>) {
    this.paths = paths;
    this.journal = journal;
  }

  found(): readonly FileProblem[] {
    return [...this.state.values(), ...this.history.values()];
  }

  repaired(): readonly FileProblem[] {
    return [...this.known.values()].filter(
      ({ file }) => !this.state.has(file) && !this.history.has(file),
    );
  }

  /** Without its file, the journal would be lost with the engine. */
  async freeJournal(now: number): Promise<void> {
    const file = path.join(this.paths.journal, journalFileName(now));
    const aside = await moveAside(file).catch(() => null);
    if (aside === null) return;
    const problem = {
      file,
      problem: `${file} was not a regular file`,
      effect: `It was moved to ${path.basename(aside)}`,
    };
    this.known.set(file, problem);
    this.journal.write({
      what: 'files.damaged',
      text: `${problem.problem}. ${problem.effect}.`,
      evidence: { file, kept: aside },
    });
  }

  async inspectState(): Promise<void> {
    this.state = await this.inspect(await listStateFiles(this.paths));
  }

  async inspectAll(): Promise<void> {
    await this.inspectState();
    this.history = await this.inspect(await listHistoryFiles(this.paths));
  }

  private async inspect(files: readonly WorkspaceFile[]): Promise<Map<string, FileProblem>> {
    const problems = new Map<string, FileProblem>();
    for (const [index, entry] of files.entries()) {
      if (index % FILES_AT_ONCE === FILES_AT_ONCE - 1) await yieldToEventLoop();
      const problem = await inspectFile(entry);
      if (problem === null) continue;
      problems.set(problem.file, problem);
      await this.report(entry, problem);
    }
    return problems;
  }

  /** Once for each problem of a file. */
  private async report(entry: WorkspaceFile, problem: FileProblem): Promise<void> {
    if (this.known.get(problem.file)?.problem === problem.problem) return;
    const kept = entry.isRewritten
      ? await keepDamaged(entry.file, entry.isReplaceable).catch(unlessTemporary(null))
      : null;
    this.known.set(problem.file, problem);
    const where = kept === null ? '' : ` What it held is kept in ${path.basename(kept)}.`;
    this.journal.write({
      what: 'files.damaged',
      text: `${problem.problem}. ${problem.effect}.${where}`,
      evidence: { file: problem.file, kept },
    });
  }
}
