/**
 * Puts known faults into a copy of the repository, one after another; each must turn its named test red, and that test must be
 * green without the fault. A fault is `tests/planted/<name>.json`:
 *   { "fault": what it breaks, "file": path, "find": text that occurs once, "replace": text, "build": bool, "test": [command, ...args], "expect": name of the test }
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '..');
const node = path.join(repository, 'node_modules/node/bin/node');
const python = path.join(repository, 'python-runtime/.venv/bin/python');
const only = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const faults = readdirSync(path.join(repository, 'tests/planted'))
  .filter((name) => name.endsWith('.json'))
  .filter((name) => only.length === 0 || only.some((word) => name.includes(word)))
  .sort()
  .map((name) => ({
    name: name.slice(0, -5),
    ...JSON.parse(readFileSync(path.join(repository, 'tests/planted', name), 'utf8')),
  }));

const copy = mkdtempSync(path.join(os.tmpdir(), 'nightshift-planted-'));
const shared = new Set(['node_modules', '.venv', '.git', 'dist', '.setup']);
cpSync(repository, copy, {
  recursive: true,
  filter: (source) => !shared.has(path.basename(source)),
});
symlinkSync(path.join(repository, 'node_modules'), path.join(copy, 'node_modules'));
symlinkSync(path.join(repository, 'python-runtime/.venv'), path.join(copy, 'python-runtime/.venv'));

function run([command, ...words]) {
  const program = { node, python }[command] ?? command;
  const result = spawnSync(program, words, {
    cwd: copy,
    encoding: 'utf8',
    timeout: 600_000,
    env: {
      ...process.env,
      PYTHONPATH: path.join(copy, 'python-runtime'),
      PATH: `${path.dirname(node)}:${process.env.PATH}`,
    },
  });
  return { status: result.status, text: `${result.stdout ?? ''}${result.stderr ?? ''}` };
}

const build = () => {
  const result = run(['node', 'scripts/build.mjs', '--only', 'engine']);
  if (result.status !== 0) throw new Error(`the copy does not build: ${result.text.slice(-2000)}`);
};

let passed = 0;
let failed = 0;
const green = new Set();
const say = (ok, line) => {
  if (ok) passed += 1;
  else failed += 1;
  console.log(`${ok ? 'red as it has to be' : 'NOT CAUGHT         '}  ${line}`);
};
try {
  for (const fault of faults) {
    const key = JSON.stringify(fault.test);
    if (!green.has(key)) {
      if (fault.build) build();
      const before = run(fault.test);
      if (before.status !== 0) {
        say(false, `${fault.name}: its test is red without the fault\n${before.text.slice(-1500)}`);
        continue;
      }
      green.add(key);
    }
    const file = path.join(copy, fault.file);
    const original = readFileSync(file, 'utf8');
    if (original.split(fault.find).length !== 2) {
      say(false, `${fault.name}: the text to replace does not occur exactly once in ${fault.file}`);
      continue;
    }
    writeFileSync(
      file,
      original.replace(fault.find, () => fault.replace),
    );
    try {
      if (fault.build) build();
      const after = run(fault.test);
      say(
        after.status !== 0 && after.text.includes(fault.expect),
        `${fault.name}: ${fault.fault} -> ${fault.expect}`,
      );
      if (after.status !== 0 && !after.text.includes(fault.expect))
        console.log(after.text.slice(-1500));
    } finally {
      writeFileSync(file, original);
    }
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
