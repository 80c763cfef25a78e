/**
 * The Python half of the set-up: an environment at python-runtime/.venv with the pinned packages. torch is the one package chosen
 * per machine; it goes in first and binds the rest. Every step leaves a stamp of its inputs, so that an interrupted set-up
 * continues and a finished one costs nothing.
 */
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireDisk } from './disk-part.mjs';
import { localTorchWheel, readPipSettings, uvOptions } from './pip-settings.mjs';
import { root, run, say, setupFolder, SetupError } from './terminal.mjs';

export const TORCH = '2.13.0';
const UV = '0.13.9';
const NEEDED_GB = 4;
const windows = process.platform === 'win32';
const venv = join(root, 'python-runtime', '.venv');
export const venvPython = join(venv, windows ? 'Scripts/python.exe' : 'bin/python');
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

/** The first Python 3.10 or newer: `{ command, version, tag }`. */
async function findPython() {
  const named = process.env.NIGHTSHIFT_BASE_PYTHON;
  const candidates = named
    ? [[named]]
    : [['python3'], ['python'], ...(windows ? [['py', '-3']] : [])];
  for (const minor of [13, 12, 11, 10]) if (!named) candidates.push([`python3.${minor}`]);
  const seen = [];
  for (const command of candidates) {
    const probe = 'import sys; print("%d.%d.%d" % sys.version_info[:3])';
    const answer = await run(command[0], [...command.slice(1), '-c', probe], { quiet: true });
    const match = /^(\d+)\.(\d+)\.(\d+)\s*$/.exec(answer.output);
    if (answer.code !== 0 || match === null) continue;
    const [, major, minor] = match.map(Number);
    if (major === 3 && minor >= 10)
      return { command, version: match[0].trim(), tag: `cp3${minor}` };
    seen.push(`${command.join(' ')} is ${match[0].trim()}`);
  }
  throw new SetupError(
    `no Python 3.10 or newer was found${seen.length > 0 ? ` (${seen.join(', ')})` : ''}.`,
    'Install Python 3.10 or newer, or set NIGHTSHIFT_BASE_PYTHON to its path, then run this again.',
  );
}

/** A usable uv: from PATH, the private one of an earlier run, or a new private one by pip. null: there is none to be had. */
async function findUv(python) {
  if (process.env.NIGHTSHIFT_UV === '') return null; // Set and empty: the pip way is wanted.
  const privateUv = join(setupFolder, 'uv', 'bin', windows ? 'uv.exe' : 'uv');
  for (const path of [process.env.NIGHTSHIFT_UV, 'uv', privateUv]) {
    if (!path) continue;
    const answer = await run(path, ['--version'], { quiet: true });
    const match = /^uv (\d+)\.(\d+)/.exec(answer.output);
    if (answer.code === 0 && match !== null && (Number(match[1]) > 0 || Number(match[2]) >= 7))
      return path;
  }
  say('Python: fetching uv');
  mkdirSync(setupFolder, { recursive: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--target', join(setupFolder, 'uv'), `uv==${UV}`];
  const answer = await run(python.command[0], [...python.command.slice(1), ...pip], {
    quiet: true,
  });
  return answer.code === 0 && existsSync(privateUv) ? privateUv : null;
}

/** Which torch: a CPU build unless there is an NVIDIA GPU; on a Mac the ordinary build holds MPS. */
async function chooseTorch(settings, python) {
  if (process.platform === 'darwin')
    return { kind: 'mps', requirement: `torch==${TORCH}`, backend: null };
  const asked = process.env.NIGHTSHIFT_TORCH;
  const gpu = (await run('nvidia-smi', ['-L'], { quiet: true })).code === 0;
  if (asked === 'cuda' || (gpu && asked !== 'cpu'))
    return { kind: 'cuda', requirement: `torch==${TORCH}`, backend: 'auto' };
  if (localTorchWheel(settings, TORCH, python.tag) !== null)
    return { kind: 'cpu', requirement: `torch==${TORCH}+cpu`, backend: null };
  return { kind: 'cpu', requirement: `torch==${TORCH}`, backend: 'cpu' };
}

/** One interface over uv and pip: install(what) with the machine's settings. */
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

async function makeEnvironment(python, uv) {
  const works = await run(venvPython, ['--version'], { quiet: true });
  if (works.code === 0) return;
  rmSync(venv, { recursive: true, force: true });
  say(`Python: making the environment (${python.command.join(' ')} ${python.version})`);
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
      'the Python environment could not be made.',
      'Install the venv module of this Python (Debian: python3-venv) or uv, then run this again.',
      answer.output,
    );
}

/** The real path of an interpreter, past shims and launchers. */
async function executable(python) {
  const probe = ['-c', 'import sys; print(sys.executable)'];
  return (
    await run(python.command[0], [...python.command.slice(1), ...probe], { quiet: true })
  ).output.trim();
}

const unreachable = (what, output) =>
  new SetupError(
    `${what} could not be installed.`,
    'Check that the Python package registry can be reached (its address comes from the settings of pip), then run this again; it continues where it stopped.',
    output,
  );

/** Makes or completes the environment. `tests`: the packages of the test suites as well. Throws SetupError. */
export async function setUpPython({ tests }) {
  const requirements = join(root, 'python-runtime', 'requirements.txt');
  const testRequirements = join(root, 'python-runtime', 'requirements-test.txt');
  const wanted = {
    torch: hash(TORCH, process.env.NIGHTSHIFT_TORCH ?? ''),
    packages: hash(TORCH, readText(requirements)),
    tests: hash(readText(testRequirements)),
  };
  const steps = ['torch', 'packages', ...(tests ? ['tests'] : [])];
  const open = (step) => readStamps()[step] !== wanted[step];
  if (existsSync(venvPython) && !steps.some(open)) return say('Python packages: up to date');

  const python = await findPython();
  requireDisk('the Python packages', NEEDED_GB);
  const uv = await findUv(python);
  if (uv === null) say('Python: uv could not be had, pip does it (slower)');
  const settings = await readPipSettings(python.command);
  await makeEnvironment(python, uv);
  const install = installer(uv, settings);

  if (open('torch')) {
    const torch = await chooseTorch(settings, python);
    say(`Python packages: torch ${TORCH} (${torch.kind})`);
    let answer = await install([torch.requirement], torch.backend);
    if (answer.code !== 0 && torch.backend !== null) {
      say(
        'Python packages: that build of torch cannot be reached, taking the ordinary one (about 3 GB)',
      );
      answer = await install([torch.requirement]);
    }
    if (answer.code !== 0) throw unreachable('torch', answer.output);
    writeStamp('torch', wanted.torch);
  }
  const bound = join(venv, 'nightshift-torch.txt');
  const version = await run(
    venvPython,
    ['-c', 'from importlib.metadata import version; print(version("torch"))'],
    {
      quiet: true,
    },
  );
  writeFileSync(bound, `torch==${version.output.trim()}\n`);
  for (const [step, file, label] of [
    ['packages', requirements, 'the pinned packages'],
    ['tests', testRequirements, 'the packages of the tests'],
  ]) {
    if (!steps.includes(step) || !open(step)) continue;
    if (existsSync(file)) {
      say(`Python packages: ${label}`);
      const answer = await install(['-r', file, '-c', bound]);
      if (answer.code !== 0) throw unreachable(label, answer.output);
    }
    writeStamp(step, wanted[step]);
  }
  compileInBackground();
  say('Python packages: installed');
}

/** Byte code is written while the person already looks at the window; nobody waits for it. */
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
