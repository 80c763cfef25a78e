/** The package: its content, its Electron fuses, and that the engine runs from a copied runtime. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildParts, connected, found, isRunning, kill, root, Scenario, until } from './launch.ts';
import { shimPath } from './runtime.ts';

/** Every path in an asar archive. Its header is JSON, after four size fields. */
function archived(path: string): string[] {
  const bytes = readFileSync(path);
  const header = JSON.parse(bytes.subarray(16, 16 + bytes.readUInt32LE(12)).toString()) as Folder;
  const listFiles = (folder: Folder, prefix: string): string[] =>
    Object.entries(folder.files).flatMap(([name, entry]) =>
      'files' in entry ? listFiles(entry, `${prefix}${name}/`) : [`${prefix}${name}`],
    );
  return listFiles(header, '');
}
interface Folder {
  readonly files: Record<string, Folder | { readonly size: number }>;
}

describe.skipIf(found.runtime === null)('the package', () => {
  let scenario: Scenario;
  let folder: string;
  let binary: string;
  beforeAll(async () => {
    buildParts();
    scenario = await Scenario.begin();
    folder = join(scenario.folder, 'dist/linux-unpacked');
    binary = join(folder, 'nightshift');
    const old = found.runtime !== null && found.runtime.major < 45;
    const answer = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/electron-builder/cli.js'),
        ...['--linux', 'dir', '--publish', 'never'],
        ...['-c', join(import.meta.dirname, 'runtime/electron-builder.test.cjs')],
      ],
      {
        cwd: root,
        encoding: 'utf8',
        env: {
          ...process.env,
          NIGHTSHIFT_TEST_PACKAGE: join(scenario.folder, 'dist'),
          ...(old ? { NIGHTSHIFT_TEST_ELECTRON_MAJOR: '22' } : {}),
        },
      },
    );
    if (answer.status !== 0) throw new Error(answer.stdout + answer.stderr);
  });
  afterAll(async () => {
    await scenario.clear();
  });

  test('the archive contains the bundled window; engine and trainer are next to it', () => {
    const files = archived(join(folder, 'resources/app.asar'));
    expect(files).toEqual(
      expect.arrayContaining([
        'out/main/desktop.cjs',
        'out/preload/bridge.cjs',
        'out/renderer/desktop.html',
        'package.json',
      ]),
    );
    expect(files.filter((file) => /node_modules|\.ts$|\.map$|out\/engine/.test(file))).toEqual([]);
    for (const name of [
      'node/bin/node',
      'out/engine/engine.mjs',
      'out/renderer/index.html',
      'python-runtime/nightshift_trainer',
    ])
      expect(existsSync(join(folder, 'resources', name)), name).toBe(true);
    expect(existsSync(join(folder, 'resources/python-runtime/.venv'))).toBe(false);
  });

  test('can not run as Node and accepts no inspector', () => {
    const env = { ...scenario.environment(), ELECTRON_RUN_AS_NODE: '1' };
    const asNode = spawnSync(binary, ['-p', '"ran as node"'], { env, timeout: 3000 });
    expect(String(asNode.stdout)).not.toContain('ran as node');
    const inspected = spawnSync(binary, ['--no-sandbox', '--inspect=0', '--version'], {
      env: scenario.environment(),
      timeout: 3000,
    });
    expect(String(inspected.stderr)).not.toContain('Debugger listening');
  });

  test('starts, with the engine running from a copy outside the package', async () => {
    const env: Record<string, string> = {
      ...scenario.environment(),
      NIGHTSHIFT_TEST_SHIM: shimPath,
      XDG_CONFIG_HOME: scenario.userData,
    };
    delete env['NIGHTSHIFT_NODE'];
    const child = spawn(binary, ['--no-sandbox', '--disable-gpu', '--remote-debugging-port=0'], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    try {
      let stderr = '';
      child.stderr.on('data', (data: unknown) => (stderr += String(data)));
      const url = await until(() => /DevTools listening on (ws:\S+)/.exec(stderr)?.[1], 'DevTools');
      const browser = await chromium.connectOverCDP(url, { noDefaults: true });
      const page = await until(() => browser.contexts()[0]?.pages()[0], 'the page');
      expect(page.url()).toBe('app://nightshift/');
      const address = await page.evaluate(async () => (await window.nightshift.connection()).url);
      expect(address).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/ws$/);
      await connected(page);
      const engine = await until(() => scenario.engine(), 'the engine');
      const command = readFileSync(`/proc/${String(engine)}/cmdline`, 'utf8').split('\0');
      const runtime = join(scenario.userData, 'Nightshift/runtime');
      expect(command[0]).toMatch(new RegExp(`^${runtime}/[^/]+/node/bin/node$`));
      expect(command[1]).toMatch(new RegExp(`^${runtime}/[^/]+/out/engine/engine\\.mjs$`));
      await browser.close();
      expect(isRunning(engine)).toBe(true);
    } finally {
      kill(child.pid);
    }
  });
});
