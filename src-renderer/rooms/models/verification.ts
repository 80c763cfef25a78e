/** Running verifications and their results. Kept outside components: verifying many gigabytes takes minutes. */
import { create } from 'zustand';
import type { CheckpointCheck, VersionCheck } from '../../../src-main/contract/index.ts';
import { command } from '../../engine/index.ts';

interface Verification {
  /** Ids of the backups that are being verified. */
  readonly verifying: ReadonlySet<string>;
  /** By version name. */
  readonly versions: Readonly<Record<string, VersionCheck | 'busy' | undefined>>;
  /** By branch. */
  readonly branches: Readonly<Record<string, CheckpointCheck | 'busy' | undefined>>;
}

export const useVerification = create<Verification>(() => ({
  verifying: new Set(),
  versions: {},
  branches: {},
}));

/** The result arrives with the backups room. */
export async function verifyBackup(id: string): Promise<void> {
  useVerification.setState(({ verifying }) => ({ verifying: new Set([...verifying, id]) }));
  await command((engine) => engine.backups.verify({ id }));
  useVerification.setState(({ verifying }) => ({
    verifying: new Set([...verifying].filter((name) => name !== id)),
  }));
}

export async function verifyVersion(name: string): Promise<void> {
  const put = (entry: VersionCheck | 'busy' | undefined): void => {
    useVerification.setState(({ versions }) => ({ versions: { ...versions, [name]: entry } }));
  };
  put('busy');
  put((await command((engine) => engine.versions.verify({ name }))) ?? undefined);
}

export async function verifyBranch(branch: string): Promise<void> {
  const put = (entry: CheckpointCheck | 'busy' | undefined): void => {
    useVerification.setState(({ branches }) => ({ branches: { ...branches, [branch]: entry } }));
  };
  put('busy');
  put((await command((engine) => engine.checkpoints.verify({ branch }))) ?? undefined);
}
