/** Names of branches. Pure. */
import type { Lineage } from './lineage-file.ts';

/** `branch-2`, `branch-3` …: above every number ever used. `taken`: names of existing folders. */
export function nextBranchName(
  lineage: Pick<Lineage, 'branches'>,
  taken: readonly string[],
): string {
  const names = [...lineage.branches.map((branch) => branch.name), ...taken];
  const numbers = names.map((name) => Number(/^branch-(\d+)$/.exec(name)?.[1] ?? 1));
  return `branch-${Math.max(1, ...numbers) + 1}`;
}
