/**
 * Whether the trainer of another workspace uses a device of this machine, without starting Python.
 */
import { readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { deviceLock, readOrNull } from '../../formats/index.ts';
import { isAlive } from '../../kit/identity.ts';

export const deviceLockFolder = (
  environment: Readonly<Record<string, string | undefined>>,
  temporary: string = os.tmpdir(),
): string => environment['NIGHTSHIFT_DEVICE_LOCKS'] ?? path.join(temporary, 'nightshift-devices');

/** True while a lock in the folder names a live process of another workspace. */
export async function isUsedByOthers(folder: string, workspace: string): Promise<boolean> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith('.lock')) continue;
    const lock = await readOrNull(path.join(folder, name), deviceLock);
    if (lock !== null && lock.workspace !== workspace && isAlive(lock)) return true;
  }
  return false;
}
