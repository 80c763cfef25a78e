/** Promise 10: from first run to version, the engine opens no outbound connection and the page contacts only the engine. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, onTestFailed, test } from 'vitest';
import { screen as screenIds } from '../../src-main/contract/screens.ts';
import { live, openBrowser } from '../ui/open-page.ts';
import { EngineProcess, questions } from './engine-process.ts';

const watcher = path.join(import.meta.dirname, 'fixtures/watch-connections.mjs');
class Watched extends EngineProcess {
  readonly seen = path.join(this.locks, '..', 'connections.txt');
  override environment(): NodeJS.ProcessEnv {
    return {
      ...super.environment(),
      NODE_OPTIONS: `--import=${watcher}`,
      NIGHTSHIFT_TEST_CONNECTIONS: this.seen,
    };
  }
  get connections(): readonly string[] {
    const lines = existsSync(this.seen) ? readFileSync(this.seen, 'utf8').split('\n') : [];
    // The engine resolves the loopback address before it listens on it.
    return lines.filter((line) => line !== '' && !line.startsWith('lookup "127.0.0.1"'));
  }
}

const app = new Watched();
afterAll(() => app.end());

test('from first run to version nothing is sent anywhere', { timeout: 300_000 }, async () => {
  onTestFailed(async () => {
    process.stdout.write(`${await app.explain()}\n`);
  });
  await app.configure({
    batch_size: 8,
    epochs: 1,
    max_length: 256,
    eval_steps: 10,
    generate_samples: 2,
    eval_max_new_tokens: 8,
    preview_steps: 10,
    disk: { min_free_gb: 0 },
  });
  await app.start();
  const context = await (await openBrowser()).newContext();
  const page = await context.newPage();
  const asked = new Set<string>();
  context.on('request', (request) => asked.add(new URL(request.url()).origin));
  page.on('websocket', (socket) => asked.add(new URL(socket.url()).origin));
  const { ticket } = (await app.post<{ ticket: string }>('/tickets')).body;
  await page.goto(`${app.address}/?ticket=${ticket}`);
  await live(page);
  await app.base('starter');
  const [added] = await app.add([await app.file('rows.jsonl', questions(200, 3))]);
  await app.completed([added?.id ?? ''], 90);
  for (const screen of screenIds.options) {
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `#/${screen}`);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
  }
  expect((await app.versions()).length).toBe(1);
  await context.close();

  const { port } = new URL(app.address);
  expect([...asked].sort()).toEqual([app.address, `ws://127.0.0.1:${port}`]);
  expect(app.connections).toEqual([]);

  // Check that the watcher does see a connection.
  const attempt = "require('node:net').connect(9, '127.0.0.1').on('error', () => {})";
  execFileSync(process.execPath, ['-e', attempt], { env: app.environment() });
  expect(app.connections).toHaveLength(1);
});
