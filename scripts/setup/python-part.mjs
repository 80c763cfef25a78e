/**
 * Python part of the setup: creates python-runtime/.venv with the packages of the lock files, which
 * name the hashes of their files. torch is installed first, because its build depends on the
 * machine. Each step records a hash of its inputs, so that finished steps are skipped.
 */
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireDisk } from './disk-part.mjs';
import { localTorchWheel, readPipSettings, uvOptions } from './pip-settings.mjs';
import { log, root, run, setupFolder, SetupError } from './terminal.mjs';

export const TORCH = '2.13.0';
export const UV = '0.13.9';
const NEEDED_GB = 4;
const windows = process.platform === 'win32';
const venv = join(root, 'python-runtime', '.venv');
export const venvPython = join(venv, windows ? 'Scripts/python.exe' : 'bin/python');
/** `packages`, `torch`, `tests` or `uv`: every package with the hashes of its files. */
export const lockFile = (name) => join(root, 'python-runtime', `requirements-${name}.lock`);
const stampFile = join(venv, 'nightshift-setup.json');

const hash = (...parts) => createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
const readText = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
const readStamps = () => {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
};
const writeStamp = (step, value) =>
  writeFileSync(stampFile, `${JSON.stringify({ ...readStamps(), [step]: value }, null, 2)}\n`);

/** The first suitable Python (3.10 or newer): `{ command, version, tag }`. */
async function findPython() {
  const configured = process.env.NIGHTSHIFT_BASE_PYTHON;
  const candidates = configured
    ? [[configured]]
    : [['python3'], ['python'], ...(windows ? [['py', '-3']] : [])];
  for (const minor of [13, 12, 11, 10]) if (!configured) candidates.push([`python3.${minor}`]);
  const tooOld = [];
  for (const command of candidates) {
    const probe = 'import sys; print("%d.%d.%d" % sys.version_info[:3])';
    const answer = await run(command[0], [...command.slice(1), '-c', probe], { quiet: true });
    const match = /^(\d+)\.(\d+)\.(\d+)\s*$/.exec(answer.output);
    if (answer.code !== 0 || match === null) continue;
    const [, major, minor] = match.map(Number);
    if (major === 3 && minor >= 10)
      return { command, version: match[0].trim(), tag: `cp3${minor}` };
    tooOld.push(`${command.join(' ')} is ${match[0].trim()}`);
  }
  throw new SetupError(
    `Python 3.10 or newer was not found${tooOld.length > 0 ? ` (${tooOld.join(', ')})` : ''}.`,
    'Install Python 3.10 or newer, or set NIGHTSHIFT_BASE_PYTHON to its path, then run this again.',
  );
}

/**
 * A usable uv: from PATH, from an earlier setup, or newly installed with pip. null if unavailable.
 */
export async function findUv(python) {
  if (process.env.NIGHTSHIFT_UV === '') return null; // Set but empty: use pip.
  const privateUv = join(setupFolder, 'uv', 'bin', windows ? 'uv.exe' : 'uv');
  for (const path of [process.env.NIGHTSHIFT_UV, 'uv', privateUv]) {
    if (!path) continue;
    const answer = await run(path, ['--version'], { quiet: true });
    const match = /^uv (\d+)\.(\d+)/.exec(answer.output);
    if (answer.code === 0 && match !== null && (Number(match[1]) > 0 || Number(match[2]) >= 7))
      return path;
  }
  log('Python: downloading uv');
  mkdirSync(setupFolder, { recursive: true });
  const target = ['--target', join(setupFolder, 'uv')];
  const pip = ['-m', 'pip', 'install', '--quiet', ...target, ...locked('uv')];
  const answer = await run(python.command[0], [...python.command.slice(1), ...pip], {
    quiet: true,
  });
  return answer.code === 0 && existsSync(privateUv) ? privateUv : null;
}

/**
 * Selects the torch build: CUDA with an NVIDIA GPU, CPU without; on macOS the standard build, which
 * includes MPS.
 */
async function chooseTorch(settings, python) {
  if (process.platform === 'darwin')
    return { kind: 'mps', requirement: locked('torch'), backend: null };
  const requested = process.env.NIGHTSHIFT_TORCH;
  const hasGpu = (await run('nvidia-smi', ['-L'], { quiet: true })).code === 0;
  if (requested === 'cuda' || (hasGpu && requested !== 'cpu'))
    return { kind: 'cuda', requirement: [`torch==${TORCH}`], backend: 'auto' };
  // The file itself, so that no registry can offer another one.
  const wheel = localTorchWheel(settings, TORCH, python.tag);
  if (wheel !== null) return { kind: 'cpu', requirement: ['--no-deps', wheel], backend: null };
  return { kind: 'cpu', requirement: ['--no-deps', `torch==${TORCH}`], backend: 'cpu' };
}

/**
 * Only files with a known hash, and nothing that isn't listed: then it doesn't matter which of the
 * registries in the pip settings answers.
 */
const locked = (name) => ['--require-hashes', '--no-deps', '-r', lockFile(name)];

/** Returns install(args), which uses uv, or pip if uv is null. */
function installer(uv, settings) {
  const env = { ...process.env };
  if (settings.certificates !== null) env.SSL_CERT_FILE = settings.certificates;
  delete env.VIRTUAL_ENV;
  if (uv === null)
    return (args) =>
      run(venvPython, ['-m', 'pip', 'install', '--quiet', ...args], { quiet: true, env });
  return (args, backend = null) =>
    run(
      uv,
      [
        ...['pip', 'install', '--quiet', '--python', venvPython, ...uvOptions(settings), ...args],
        ...(backend === null ? [] : ['--torch-backend', backend]),
      ],
      { quiet: true, env },
    );
}

async function createEnvironment(python, uv) {
  const works = await run(venvPython, ['--version'], { quiet: true });
  if (works.code === 0) return;
  rmSync(venv, { recursive: true, force: true });
  log(`Python: creating the environment (${python.command.join(' ')} ${python.version})`);
  const answer =
    uv === null
      ? await run(python.command[0], [...python.command.slice(1), '-m', 'venv', venv], {
          quiet: true,
        })
      : await run(uv, ['venv', '--quiet', '--python', await executable(python), venv], {
          quiet: true,
        });
  if (answer.code !== 0)
    throw new SetupError(
      'Creating the Python environment failed.',
      'Install the venv module of this Python (Debian: python3-venv) or uv, then run this again.',
      answer.output,
    );
}

/** The real path of the interpreter, behind shims and launchers. */
async function executable(python) {
  const probe = ['-c', 'import sys; print(sys.executable)'];
  return (
    await run(python.command[0], [...python.command.slice(1), ...probe], { quiet: true })
  ).output.trim();
}

const installError = (what, output) =>
  new SetupError(
    `Installing ${what} failed.`,
    'Check that the Python package registry is reachable (its address comes from the pip settings), then run this again.',
    output,
  );

/**
 * Creates or completes the environment. `tests`: also install the packages of the tests. Throws
 * SetupError.
 */
export async function setUpPython({ tests }) {
  const wanted = {
    torch: hash(TORCH, process.env.NIGHTSHIFT_TORCH ?? ''),
    packages: hash(TORCH, readText(lockFile('packages'))),
    tests: hash(readText(lockFile('tests'))),
  };
  const steps = ['torch', 'packages', ...(tests ? ['tests'] : [])];
  const isPending = (step) => readStamps()[step] !== wanted[step];
  if (existsSync(venvPython) && !steps.some(isPending)) return log('Python packages: up to date');

  const python = await findPython();
  requireDisk('the Python packages', NEEDED_GB);
  const uv = await findUv(python);
  if (uv === null) log('Python: uv is not available, using pip (slower)');
  const settings = await readPipSettings(python.command);
  await createEnvironment(python, uv);
  const install = installer(uv, settings);

  if (isPending('torch')) {
    const torch = await chooseTorch(settings, python);
    log(`Python packages: torch ${TORCH} (${torch.kind})`);
    let answer = await install(torch.requirement, torch.backend);
    if (answer.code !== 0 && torch.backend !== null) {
      log(
        'Python packages: the CPU build of torch is not available, installing the standard build (about 3 GB)',
      );
      answer = await install(locked('torch'));
    }
    if (answer.code !== 0) throw installError('torch', answer.output);
    writeStamp('torch', wanted.torch);
  }
  for (const [step, label] of [
    ['packages', 'the pinned packages'],
    ['tests', 'the test packages'],
  ]) {
    if (!steps.includes(step) || !isPending(step)) continue;
    log(`Python packages: ${label}`);
    const answer = await install(locked(step));
    if (answer.code !== 0) throw installError(label, answer.output);
    writeStamp(step, wanted[step]);
  }
  compileInBackground();
  log('Python packages: installed');
}

/** Compiles byte code in the background, so that startup does not wait for it. */
function compileInBackground() {
  spawn(
    venvPython,
    [
      '-c',
      'import compileall,os,site\nif hasattr(os,"nice"): os.nice(15)\nfor p in site.getsitepackages(): compileall.compile_dir(p, quiet=2, workers=1)',
    ],
    {
      detached: true,
      stdio: 'ignore',
      windowsHide: true,
    },
  ).unref();
}
