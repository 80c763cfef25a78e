/**
 * Where the engine is run from. In a package its files are first copied to `<user data>/runtime/<stamp>/`: an update, or an image
 * that is unmounted, would otherwise pull the floor away from an engine and a trainer that outlive the window.
 */
import { existsSync } from 'node:fs';
import { constants, cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineProgram } from './supervisor/index.ts';

export interface Place {
  readonly packaged: boolean;
  /** The checkout, or the package's archive. */
  readonly appPath: string;
  readonly resources: string;
  readonly userData: string;
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What the package carries for engine and trainer, beside its archive. */
const carried = ['node', 'out', 'python-runtime'];
/** Runtimes that are kept: this one, and the one before it, which a trainer may still run from. */
const KEPT = 2;

/** Throws with a sentence when the package is incomplete or there is no space for the copy. */
export async function engineProgram(place: Place): Promise<EngineProgram> {
  const root = place.packaged
    ? await copiedRuntime(place.resources, join(place.userData, 'runtime'))
    : (place.env['NIGHTSHIFT_ROOT'] ?? place.appPath);
  const folder = place.packaged ? root : join(root, 'node_modules');
  const entry = place.packaged ? undefined : place.env['NIGHTSHIFT_ENGINE'];
  return {
    node: place.env['NIGHTSHIFT_NODE'] || join(folder, nodeIn(place.platform)),
    entry: entry ?? join(root, 'out', 'engine', 'engine.mjs'),
    root,
  };
}

/** In the npm package `node` and in ours. */
const nodeIn = (platform: string): string =>
  platform === 'win32' ? join('node', 'bin', 'node.exe') : join('node', 'bin', 'node');

async function copiedRuntime(resources: string, runtimes: string): Promise<string> {
  const stamp = (await readFile(join(resources, 'runtime-stamp'), 'utf8')).trim();
  const final = join(runtimes, stamp);
  if (existsSync(final)) return final;
  const part = join(runtimes, `.${stamp}.${String(process.pid)}`);
  try {
    await mkdir(part, { recursive: true });
    for (const name of carried)
      await cp(join(resources, name), join(part, name), {
        recursive: true,
        verbatimSymlinks: true,
        mode: constants.COPYFILE_FICLONE,
      });
    await rename(part, final);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    // Another start was faster: its copy is as good.
    if (!existsSync(final)) throw error;
  }
  await removeOld(runtimes);
  return final;
}

async function removeOld(runtimes: string): Promise<void> {
  const names = (await readdir(runtimes)).filter((name) => !name.startsWith('.'));
  const aged = await Promise.all(
    names.map(async (name) => ({ name, t: (await stat(join(runtimes, name))).mtimeMs })),
  );
  aged.sort((a, b) => b.t - a.t);
  for (const { name } of aged.slice(KEPT))
    await rm(join(runtimes, name), { recursive: true, force: true });
}
