/**
 * Where the engine runs from. A packaged application first copies its runtime to `<user
 * data>/runtime/<stamp>/`, because an update or an unmounted AppImage would otherwise delete the
 * files of an engine and a trainer that are still running.
 */
import { existsSync } from 'node:fs';
import { constants, cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineProgram } from './supervisor/index.ts';

export interface ApplicationPaths {
  readonly packaged: boolean;
  /** The checkout, or the archive (app.asar) of the package. */
  readonly appPath: string;
  readonly resources: string;
  readonly userData: string;
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Folders of the package next to its archive that engine and trainer need. */
const RUNTIME_FOLDERS = ['node', 'out', 'python-runtime'];
/** Runtimes to keep: the current one, and the previous one, which a trainer may still be using. */
const KEPT_RUNTIMES = 2;

/** Throws an Error with a readable message if the package is incomplete or the disk is full. */
export async function engineProgram(paths: ApplicationPaths): Promise<EngineProgram> {
  const root = paths.packaged
    ? await copiedRuntime(paths.resources, join(paths.userData, 'runtime'))
    : (paths.env['NIGHTSHIFT_ROOT'] ?? paths.appPath);
  const folder = paths.packaged ? root : join(root, 'node_modules');
  const entry = paths.packaged ? undefined : paths.env['NIGHTSHIFT_ENGINE'];
  return {
    node: paths.env['NIGHTSHIFT_NODE'] || join(folder, nodeIn(paths.platform)),
    entry: entry ?? join(root, 'out', 'engine', 'engine.mjs'),
    root,
  };
}

/** The same relative path in the npm package `node` and in the packaged runtime. */
const nodeIn = (platform: string): string =>
  platform === 'win32' ? join('node', 'bin', 'node.exe') : join('node', 'bin', 'node');

async function copiedRuntime(resources: string, runtimes: string): Promise<string> {
  const stamp = (await readFile(join(resources, 'runtime-stamp'), 'utf8')).trim();
  const final = join(runtimes, stamp);
  if (existsSync(final)) return final;
  const part = join(runtimes, `.${stamp}.${String(process.pid)}`);
  try {
    await mkdir(part, { recursive: true });
    for (const name of RUNTIME_FOLDERS)
      await cp(join(resources, name), join(part, name), {
        recursive: true,
        verbatimSymlinks: true,
        mode: constants.COPYFILE_FICLONE,
      });
    await rename(part, final);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    // A concurrent start may have finished the same copy first.
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
  for (const { name } of aged.slice(KEPT_RUNTIMES))
    await rm(join(runtimes, name), { recursive: true, force: true });
}
