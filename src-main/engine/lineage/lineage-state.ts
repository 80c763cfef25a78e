/** The lineage as clients see it: branches, checkpoints and the restore that is running. Pure. */
import {
  type AncestrySegment,
  type CheckpointFacts,
  isInAncestry,
  type LineageState,
  type Point,
} from '../../contract/index.ts';
import type { BranchEntry } from './lineage-file.ts';

/** A checkpoint as far as the lineage shows it. */
interface ListedCheckpoint extends Point {
  readonly folder: string;
  readonly bytes: number;
  readonly problem: string | null;
  readonly manifest: {
    readonly created: number;
    readonly cursor: { readonly dataset: string; readonly complete: boolean } | null;
  };
}

export interface LineageParts {
  readonly modelName: string;
  readonly base: { readonly id: string; readonly label: string; readonly hash: string } | null;
  readonly head: string;
  readonly branches: readonly BranchEntry[];
  readonly ancestry: readonly AncestrySegment[];
  readonly checkpoints: readonly ListedCheckpoint[];
  readonly versions: readonly Point[];
  /** Name of a dataset id; null when the dataset is unknown. */
  readonly datasetName: (id: string) => string | null;
  readonly restore: LineageState['restore'];
}

export function describeLineage(parts: LineageParts): LineageState {
  const { base, ancestry, checkpoints, datasetName } = parts;
  const savedPoints = [...checkpoints, ...parts.versions];
  return {
    model_name: parts.modelName,
    base: base === null ? null : { id: base.id, label: base.label, hash: base.hash },
    head: parts.head,
    branches: parts.branches.map(({ name, parent, opened, why }) => ({
      name,
      parent,
      opened,
      why,
      newest_step: newestStep(savedPoints, name),
    })),
    checkpoints: checkpoints
      .map((checkpoint) => describeCheckpoint(checkpoint, ancestry, datasetName))
      .sort((a, b) => b.created - a.created),
    restore: parts.restore,
  };
}

function newestStep(points: readonly Point[], branch: string): number | null {
  const steps = points.filter((point) => point.branch === branch).map((point) => point.step);
  return steps.length === 0 ? null : Math.max(...steps);
}

function describeCheckpoint(
  { branch, step, folder, bytes, problem, manifest }: ListedCheckpoint,
  ancestry: readonly AncestrySegment[],
  datasetName: LineageParts['datasetName'],
): CheckpointFacts {
  const id = manifest.cursor?.dataset ?? null;
  const name = id === null ? null : datasetName(id);
  return {
    branch,
    step,
    created: manifest.created,
    folder,
    bytes,
    dataset: id === null || name === null ? null : { id, name },
    complete: manifest.cursor?.complete ?? false,
    in_ancestry: isInAncestry(ancestry, { branch, step }),
    problem,
  };
}
