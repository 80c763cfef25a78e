/** Whether another workspace's trainer holds a device of this machine: looked at without starting Python. */
import { readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readHolder } from '../../kit/lock-file.ts';

export const deviceLocks = (
  environment: Readonly<Record<string, string | undefined>>,
  temporary: string = os.tmpdir(),
): string => environment['NIGHTSHIFT_DEVICE_LOCKS'] ?? path.join(temporary, 'nightshift-devices');

/** True while some live process of another workspace is named by a lock in `folder`. */
export async function isHeldByOthers(folder: string, workspace: string): Promise<boolean> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith('.lock')) continue;
    const holder = await readHolder<{ readonly workspace?: string }>(path.join(folder, name));
    if (holder !== null && holder.workspace !== workspace) return true;
  }
  return false;
}
