/** `current_model/lineage.json`: the base model, the branches, and which branch is trained. */
import { z } from 'zod';
import type { CheckpointManifest } from './checkpoint.ts';
import { defineFile } from './document.ts';
import { formatNumber, integer, lineagePoint, text, time, workspaceBase } from './fields.ts';
import { branchName } from './names.ts';

const branchEntry = z.object({
  name: branchName('Branch name'),
  parent: lineagePoint.nullable().describe('The restored point; null: it began from the base'),
  left: lineagePoint
    .nullable()
    .describe('Where the model was when the branch was opened; a rollback returns there'),
  opened: time('When it was opened'),
  why: text('How it came about'),
});
export type BranchEntry = z.infer<typeof branchEntry>;

/** A file from before branches existed has one branch, opened by the start of training. */
function withBranches(value: Record<string, unknown>): unknown {
  if (value.branches !== undefined) return value;
  const { branch, base } = value;
  const id = typeof base === 'object' && base !== null && 'id' in base ? base.id : 'a base model';
  const first = { name: branch, parent: null, left: null, opened: 0 };
  return { ...value, branches: [{ ...first, why: `Started from ${String(id)}.` }] };
}

export const lineageFile = defineFile({
  name: 'lineage.json',
  damaged: 'Last good copy, else rebuilt from the manifests of all checkpoints',
  group: 'lineage',
  writer: 'engine',
  description: 'The lineage. Replacing it is the commit of a restore',
  upgrade: withBranches,
  schema: z.object({
    format: formatNumber,
    branch: branchName('The branch that is trained'),
    head: integer('Step of the last version or restore').nullable(),
    base: workspaceBase,
    method: text('`full`'),
    branches: z.array(branchEntry).describe('Every branch, oldest first'),
  }),
});
export type Lineage = z.infer<typeof lineageFile.schema>;

/** `branch-2`, `branch-3` …: above every number that was ever given. `taken`: folder names. */
export function nextBranchName(
  lineage: Pick<Lineage, 'branches'>,
  taken: readonly string[],
): string {
  const names = [...lineage.branches.map((branch) => branch.name), ...taken];
  return `branch-${Math.max(1, ...names.map(branchNumber)) + 1}`;
}

const branchNumber = (name: string): number => Number(/^branch-(\d+)$/.exec(name)?.[1] ?? 1);

export type CheckpointFact = Pick<
  CheckpointManifest,
  'branch' | 'step' | 'created' | 'base' | 'parent'
>;

function oldestFirst(manifests: readonly CheckpointFact[]): CheckpointFact[] {
  return [...manifests].sort(
    (a, b) =>
      a.created - b.created || branchNumber(a.branch) - branchNumber(b.branch) || a.step - b.step,
  );
}

/**
 * The lineage as the checkpoints tell it; null when there are none. The branch that is trained is
 * the one of the newest checkpoint. What no checkpoint says, where the model was when a branch was
 * opened, is taken from the newest checkpoint of another branch before that time. Pure.
 */
export function rebuildLineage(
  manifests: readonly CheckpointFact[],
  options: { readonly method?: string } = {},
): Lineage | null {
  const checkpoints = oldestFirst(manifests);
  const newest = checkpoints.at(-1);
  const base = checkpoints.findLast((manifest) => manifest.base !== null)?.base ?? null;
  if (newest === undefined || base === null) return null;
  const names = new Set(checkpoints.map((manifest) => manifest.branch));
  // A branch whose checkpoints are gone still leads to the ones that left it.
  for (const { parent } of checkpoints) if (parent !== null) names.add(parent.branch);
  const branches = [...names].map((name): BranchEntry => {
    const own = checkpoints.filter((manifest) => manifest.branch === name);
    const first = own.reduce<CheckpointFact | undefined>(
      (lowest, manifest) =>
        lowest === undefined || manifest.step < lowest.step ? manifest : lowest,
      undefined,
    );
    const opened = Math.min(...own.map((manifest) => manifest.created));
    const before = checkpoints.findLast(
      (manifest) => manifest.branch !== name && manifest.created < opened,
    );
    const isRestored = branchNumber(name) > 1;
    return {
      name,
      parent: first?.parent ?? null,
      left:
        isRestored && before !== undefined ? { branch: before.branch, step: before.step } : null,
      opened: own.length === 0 ? 0 : opened,
      why: own.length === 0 ? 'Its checkpoints are gone.' : 'Rebuilt from its checkpoints.',
    };
  });
  branches.sort((a, b) => a.opened - b.opened || branchNumber(a.name) - branchNumber(b.name));
  const head = checkpoints.filter((manifest) => manifest.branch === newest.branch);
  return {
    format: 1,
    branch: newest.branch,
    head: Math.max(...head.map((manifest) => manifest.step)),
    base: { id: base.id, hash: base.hash },
    method: options.method ?? 'full',
    branches,
  };
}
