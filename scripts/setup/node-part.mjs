/** The Node half of the set-up: node_modules as package-lock.json says, and a Node 24 of our own inside them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireDisk } from './disk-part.mjs';
import { root, run, say, SetupError } from './terminal.mjs';

const NEEDED_GB = 2;
const windows = process.platform === 'win32';

/**
 * Why node_modules do not hold what the lock file says, or null when they do. npm writes its own record last, so an interrupted
 * installation has none. Packages for other platforms are optional and may be absent.
 */
export function installationProblem(lock, installed) {
  if (installed === null) return 'nothing is installed yet';
  for (const [folder, wanted] of Object.entries(lock.packages)) {
    if (folder === '' || wanted.optional === true || wanted.link === true) continue;
    const has = installed.packages?.[folder];
    if (has === undefined) return `${folder} is missing`;
    if (has.version !== wanted.version)
      return `${folder} is ${has.version}, the lock file says ${wanted.version}`;
  }
  return null;
}

const readObject = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
};

/** Where the bundled Node lies; `NIGHTSHIFT_NODE` names another. */
export function bundledNode() {
  if (process.env.NIGHTSHIFT_NODE) return process.env.NIGHTSHIFT_NODE;
  const names = windows ? ['bin/node.exe', 'node.exe'] : ['bin/node'];
  const found = names.map((name) => join(root, 'node_modules', 'node', name)).find(existsSync);
  return found ?? join(root, 'node_modules', 'node', names[0]);
}

/** The Node that runs engine, build and tests: the bundled one, else this one when it is new enough, else null. */
export async function node24() {
  const path = bundledNode();
  const answer = await run(path, ['--version'], { quiet: true });
  if (answer.code === 0 && /^v(2[4-9]|[3-9]\d)\./.test(answer.output)) return path;
  return Number(process.versions.node.split('.')[0]) >= 24 ? process.execPath : null;
}

/** Brings node_modules and the bundled Node into being. Throws SetupError. */
export async function setUpNode() {
  const lock = readObject(join(root, 'package-lock.json'));
  const record = join(root, 'node_modules', '.package-lock.json');
  const problem = installationProblem(lock, readObject(record));
  if (problem !== null) {
    requireDisk('the Node packages', NEEDED_GB);
    say(`Node packages: installing (${problem})`);
    const npm = windows ? 'npm.cmd' : 'npm';
    // Not `npm ci`: it refuses a lock file that does not name the optional packages of every other platform, and a registry
    // need not carry those. `install --no-save` takes every version and hash from the lock file and writes neither file.
    const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
    const answer = await run(npm, ['install', ...options], { quiet: true, shell: windows });
    if (answer.code === 127)
      throw new SetupError(
        'npm was not found.',
        'Install Node 18 or newer with npm, then run this again.',
      );
    if (answer.code !== 0)
      throw new SetupError(
        'the Node packages could not be installed.',
        'Check that the package registry can be reached (npm ping), then run this again; it continues where it stopped.',
        answer.output,
      );
    const still = installationProblem(lock, readObject(record));
    if (still !== null)
      throw new SetupError(
        `the Node packages are not as the lock file says: ${still}.`,
        'Delete node_modules, then run this again.',
        answer.output,
      );
    say('Node packages: installed');
  } else say('Node packages: up to date');
  await setUpBundledNode();
}

/** npm 11 may hold back install scripts, and the package `node` fetches its binary in one: then the script is run here. */
async function setUpBundledNode() {
  if ((await node24()) !== null) return;
  say('Node 24: fetching the binary');
  const folder = join(root, 'node_modules', 'node');
  const script = await run(process.execPath, ['installArchSpecificPackage.js'], {
    quiet: true,
    cwd: folder,
    env: { ...process.env, npm_config_ignore_scripts: 'false', npm_config_global: 'false' },
  });
  if ((await node24()) !== null) return say('Node 24: ready');
  const rebuild = await run(
    windows ? 'npm.cmd' : 'npm',
    ['rebuild', 'node', '--ignore-scripts=false'],
    {
      quiet: true,
      shell: windows,
    },
  );
  if ((await node24()) !== null) return say('Node 24: ready');
  throw new SetupError(
    'the Node 24 binary could not be installed.',
    'Install Node 24 and set NIGHTSHIFT_NODE to its path, or check the package registry, then run this again.',
    `${script.output}\n${rebuild.output}`,
  );
}
