/**
 * Node part of the setup: installs node_modules according to package-lock.json, including Node 24.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { requireDisk } from './disk-part.mjs';
import { log, root, run, SetupError } from './terminal.mjs';

const NEEDED_GB = 2;
const windows = process.platform === 'win32';

/**
 * Why node_modules does not match the lock file; null if it does. npm writes its own record last,
 * so an interrupted installation has none. Optional packages, such as those for other platforms,
 * may be missing.
 */
export function installationProblem(lock, installed) {
  if (installed === null) return 'not installed yet';
  for (const [folder, wanted] of Object.entries(lock.packages)) {
    if (folder === '' || wanted.optional === true || wanted.link === true) continue;
    const found = installed.packages?.[folder];
    if (found === undefined) return `${folder} is missing`;
    if (found.version !== wanted.version)
      return `${folder} is ${found.version}, expected ${wanted.version}`;
  }
  return null;
}

/**
 * Why this content is not Node's binary; null if it is, or where no hash is known. The lock file has
 * the hash of the package `node`, which downloads its binary without one.
 */
export function binaryProblem(content, hashes, platform = `${process.platform}-${process.arch}`) {
  const wanted = hashes[platform];
  if (wanted === undefined) return null;
  const found = createHash('sha256').update(content).digest('hex');
  return found === wanted
    ? null
    : `node ${hashes.version} for ${platform} has the SHA-256 ${found}, expected ${wanted}`;
}

const readObject = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
};

/** Path of the bundled Node, or NIGHTSHIFT_NODE. */
export function bundledNode() {
  if (process.env.NIGHTSHIFT_NODE) return process.env.NIGHTSHIFT_NODE;
  const names = windows ? ['bin/node.exe', 'node.exe'] : ['bin/node'];
  const found = names.map((name) => join(root, 'node_modules', 'node', name)).find(existsSync);
  return found ?? join(root, 'node_modules', 'node', names[0]);
}

/**
 * The Node for engine, build and tests: the bundled one, else the current one if it is new enough,
 * else null.
 */
export async function node24() {
  const path = bundledNode();
  const answer = await run(path, ['--version'], { quiet: true });
  if (answer.code === 0 && /^v(2[4-9]|[3-9]\d)\./.test(answer.output)) return path;
  return Number(process.versions.node.split('.')[0]) >= 24 ? process.execPath : null;
}

/** Installs node_modules and the bundled Node. Throws SetupError. */
export async function setUpNode() {
  const lock = readObject(join(root, 'package-lock.json'));
  const record = join(root, 'node_modules', '.package-lock.json');
  const problem = installationProblem(lock, readObject(record));
  if (problem !== null) {
    requireDisk('the Node packages', NEEDED_GB);
    log(`Node packages: installing (${problem})`);
    const npm = windows ? 'npm.cmd' : 'npm';
    // Not `npm ci`, which rejects a lock file without the optional packages of other platforms,
    // which a registry may lack. `install --no-save` takes versions and hashes from the lock file
    // and changes neither file.
    const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
    const answer = await run(npm, ['install', ...options], { quiet: true, shell: windows });
    if (answer.code === 127)
      throw new SetupError(
        'npm is not installed.',
        'Install Node 18 or newer with npm, then run this again.',
      );
    if (answer.code !== 0)
      throw new SetupError(
        'Installing the Node packages failed.',
        'Check that the package registry is reachable (npm ping), then run this again.',
        answer.output,
      );
    const remaining = installationProblem(lock, readObject(record));
    if (remaining !== null)
      throw new SetupError(
        `The installed Node packages do not match the lock file: ${remaining}.`,
        'Delete node_modules, then run this again.',
        answer.output,
      );
    log('Node packages: installed');
  } else log('Node packages: up to date');
  await setUpBundledNode(problem !== null);
}

/**
 * The package `node` downloads its binary in an install script. npm 11 may block it, so it is run
 * here.
 */
async function setUpBundledNode(isNew) {
  if (isNew) requireKnownNode();
  if ((await node24()) === null) await downloadNode();
}

/** Before it is run for the first time. */
function requireKnownNode() {
  const path = bundledNode();
  if (process.env.NIGHTSHIFT_NODE || !existsSync(path)) return;
  const hashes = readObject(join(root, 'scripts', 'setup', 'node-hashes.json'));
  const problem = binaryProblem(readFileSync(path), hashes);
  if (problem === null) return;
  rmSync(path, { force: true });
  throw new SetupError(
    `The downloaded Node was not used: ${problem}.`,
    'Check the package registry, or install Node 24 and set NIGHTSHIFT_NODE to its path, then run this again.',
  );
}

async function downloadNode() {
  log('Node 24: downloading the binary');
  const folder = join(root, 'node_modules', 'node');
  const script = await run(process.execPath, ['installArchSpecificPackage.js'], {
    quiet: true,
    cwd: folder,
    env: { ...process.env, npm_config_ignore_scripts: 'false', npm_config_global: 'false' },
  });
  requireKnownNode();
  if ((await node24()) !== null) return log('Node 24: ready');
  const rebuild = await run(
    windows ? 'npm.cmd' : 'npm',
    ['rebuild', 'node', '--ignore-scripts=false'],
    {
      quiet: true,
      shell: windows,
    },
  );
  requireKnownNode();
  if ((await node24()) !== null) return log('Node 24: ready');
  throw new SetupError(
    'Installing the Node 24 binary failed.',
    'Install Node 24 and set NIGHTSHIFT_NODE to its path, or check the package registry, then run this again.',
    `${script.output}\n${rebuild.output}`,
  );
}
