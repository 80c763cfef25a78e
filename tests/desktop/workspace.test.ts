/** Another workspace is opened from the window: a wrong folder is told at its field, a new one is created. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  answerDialogs,
  buildParts,
  connected,
  ended,
  found,
  isRunning,
  kill,
  type Launched,
  root,
  Scenario,
  until,
} from './launch.ts';

const scripted = { NIGHTSHIFT_ENGINE: join(root, 'tests/desktop/fixtures/scripted-engine.ts') };

/** Processes that were started with this workspace. */
const startedWith = (workspace: string): readonly number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isRunning(pid))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes(workspace);
      } catch {
        return false;
      }
    });

describe.skipIf(found.runtime === null)('the workspace of the window', () => {
  let scenario: Scenario;
  let launched: Launched;
  beforeAll(() => {
    buildParts();
  });
  beforeEach(async () => {
    scenario = await Scenario.begin(scripted);
    launched = await scenario.launch();
    const { port } = JSON.parse(
      await until(() => {
        try {
          return readFileSync(join(scenario.workspace, 'scripted.json'), 'utf8');
        } catch {
          return null;
        }
      }, 'the scripted engine'),
    ) as { port: number };
    await connected(launched.page);
    // A first run: nothing is chosen, trained or queued.
    const facts = await (await fetch(`http://127.0.0.1:${String(port)}/rooms`)).json();
    const { setup, status } = facts as { setup: object; status: object };
    await fetch(`http://127.0.0.1:${String(port)}/`, {
      method: 'POST',
      body: JSON.stringify({
        setup: { ...setup, chosen: null },
        status: { ...status, state: 'idle', current_step: null, current_dataset: null },
        datasets: [],
        versions: [],
      }),
    });
  });
  afterEach(async () => {
    await scenario.clear();
  });

  test('a file and a folder with other content are refused at the field; a new folder is opened', async () => {
    const { page, app } = launched;
    await answerDialogs(app, 0);
    // Playwright took its own arguments off, and with them what Electron needs as root.
    await app.evaluate(({ app: electron }) => {
      const relaunch = electron.relaunch.bind(electron);
      electron.relaunch = (options) => {
        relaunch({ ...options, args: ['--no-sandbox', ...(options?.args ?? [])] });
      };
    });
    const row = page.getByRole('region', { name: 'Workspace' });
    await row.getByText(scenario.workspace).waitFor();
    await row.getByRole('button', { name: 'Use another folder' }).click();
    const field = row.getByRole('textbox', { name: 'Workspace folder' });
    const open = row.getByRole('button', { name: 'Open workspace' });
    const file = join(scenario.folder, 'a-file');
    writeFileSync(file, '');
    const photos = join(scenario.folder, 'photos');
    mkdirSync(photos);
    writeFileSync(join(photos, 'sea.jpg'), '');
    for (const [folder, problem] of [
      [file, `${file} is not a folder.`],
      [photos, `${photos} has other files in it. Choose an empty or new folder.`],
      ['models/mine', 'Enter the whole path, from the root of the disk.'],
    ] as const) {
      await field.fill(folder);
      await open.click();
      await row.getByText(problem).waitFor();
      await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true');
    }

    const next = join(scenario.folder, 'next');
    await field.fill(next);
    await row.getByText(/has other files|whole path/).waitFor({ state: 'detached' });
    await open.click();
    await ended(launched);
    await until(() => existsSync(join(next, '.engine.lock')), 'the engine of the new one', 30_000);
    const settings = JSON.parse(readFileSync(join(scenario.userData, 'settings.json'), 'utf8')) as {
      recentWorkspaces: string[];
    };
    expect(settings.recentWorkspaces[0]).toBe(next);
    // First the application, which would start its engine again.
    for (const pid of startedWith(`--workspace=${next}`)) kill(pid);
    await until(() => startedWith(`--workspace=${next}`).length === 0, 'the application to end');
    for (const pid of startedWith(next)) kill(pid);
    await until(() => startedWith(next).length === 0, 'its engine to end');
  });
});
