/** The folders of a workspace. */
import { access, constants, mkdir } from 'node:fs/promises';
import { Refusal, systemRefusal } from '../../contract/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';

const NOT_WRITABLE = ['EACCES', 'EROFS', 'EPERM'];

/** Refusal READ_ONLY. */
export async function createWorkspaceFolders(paths: WorkspacePaths): Promise<void> {
  const { root, inbox, datasets, runs, models, versions, logs, journal, status } = paths;
  try {
    for (const folder of [root, inbox, datasets, runs, models, versions, logs, journal, status])
      await mkdir(folder, { recursive: true });
    await access(root, constants.W_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    if (!NOT_WRITABLE.includes(code)) throw systemRefusal(error) ?? error;
    throw new Refusal('READ_ONLY', `Can't write to the workspace ${root} (${code}).`, {
      subject: root,
      next: 'Choose another folder, or give this account write permission.',
    });
  }
}
