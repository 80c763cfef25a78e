/** Window, tray and notifications with a scripted engine. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Notice, Rooms } from '../../src-main/contract/index.ts';
import {
  found,
  root,
  buildParts,
  connected,
  Scenario,
  until,
  type Launched,
  answerDialogs,
  asked,
  ended,
  isRunning,
} from './launch.ts';

const scripted = { NIGHTSHIFT_ENGINE: join(root, 'tests/desktop/fixtures/scripted-engine.ts') };

async function control(scenario: Scenario): Promise<string> {
  const path = join(scenario.workspace, 'scripted.json');
  const { port } = JSON.parse(
    await until(() => {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        return null;
      }
    }, 'the scripted engine'),
  ) as { port: number };
  return `http://127.0.0.1:${String(port)}/`;
}
const change = async (scenario: Scenario, rooms: Partial<Rooms>): Promise<void> => {
  await fetch(await control(scenario), { method: 'POST', body: JSON.stringify(rooms) });
};
const calls = async (scenario: Scenario): Promise<{ path: string; input: unknown }[]> =>
  (await (await fetch(await control(scenario))).json()) as { path: string; input: unknown }[];

const notice = (id: string, more: Partial<Notice>): Notice => ({
  id,
  t: Date.now() / 1000,
  kind: 'dataset_done',
  tone: 'info',
  title: 'units.jsonl done',
  body: '35 of 35 steps',
  opens: 'dashboard',
  dismissed: false,
  ...more,
});

describe.skipIf(found.runtime === null)('the desktop on a scripted engine', () => {
  let scenario: Scenario;
  let launched: Launched;
  beforeAll(async () => {
    buildParts();
    scenario = await Scenario.begin(scripted);
    launched = await scenario.launch();
  });
  afterAll(async () => {
    await scenario.clear();
  });

  test('the page is sandboxed, on its own scheme, with a strict content security policy', async () => {
    const { page, app } = launched;
    await page.waitForLoadState();
    expect(page.url()).toBe('app://nightshift/');
    expect(
      await page.evaluate(() => [
        typeof (globalThis as { require?: unknown }).require,
        typeof (globalThis as { process?: unknown }).process,
        isSecureContext,
      ]),
    ).toEqual(['undefined', 'undefined', true]);
    const evil = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.evil = 1';
      document.head.append(script);
      return (globalThis as { evil?: number }).evil;
    });
    expect(evil).toBeUndefined();
    expect(await page.evaluate(() => open('https://example.invalid/') === null)).toBe(true);
    // This listener is the last one, so it sees what the application decided.
    const isPrevented = app.evaluate(
      ({ BrowserWindow }) =>
        new Promise<boolean>((resolve) => {
          BrowserWindow.getAllWindows()[0]?.webContents.once('will-navigate', (event) => {
            resolve(event.defaultPrevented);
          });
        }),
    );
    // Answered after the listener was added.
    await app.evaluate(() => true);
    await page.evaluate(() => {
      location.href = 'http://127.0.0.1:9/';
    });
    expect(await isPrevented).toBe(true);
    expect(page.url()).toBe('app://nightshift/');
    expect(
      await page.evaluate(
        async () => (await fetch('/../package.json').catch(() => null))?.status ?? 'refused',
      ),
    ).not.toBe(200);
    expect(
      await page.evaluate(
        async () => (await navigator.permissions.query({ name: 'geolocation' })).state,
      ),
    ).toBe('denied');
    expect(app.windows().length).toBe(1);
  });

  test('the page connects and shows the state of the engine', async () => {
    const { page } = launched;
    await connected(page);
    await expect.poll(() => page.getByRole('status').first().innerText()).toContain('Training');
  });

  test('a ticket opens only one connection', async () => {
    const opened = await launched.page.evaluate(async () => {
      const { url, ticket } = await window.nightshift.connection();
      const open = (): Promise<boolean> =>
        new Promise((resolve) => {
          const socket = new WebSocket(url, [`nightshift.ticket.${ticket}`]);
          socket.onopen = () => {
            resolve(true);
          };
          socket.onerror = () => {
            resolve(false);
          };
        });
      return [await open(), await open()];
    });
    expect(opened).toEqual([true, false]);
  });

  test('the tray shows the state, pauses and resumes', async () => {
    const { session } = scenario;
    await until(
      async () => (await session.trayMenu())[0]?.label.startsWith('Training '),
      'the state line',
    );
    expect(session.inhibitors.size).toBe(1);
    await session.clickTrayMenu('Pause');
    await until(
      async () => (await session.trayMenu()).some((item) => item.label === 'Resume'),
      'Resume',
    );
    await expect.poll(async () => (await session.trayMenu())[0]?.label).toMatch(/^Paused /);
    await until(() => session.inhibitors.size === 0, 'the machine may sleep');
    expect((await calls(scenario)).some((call) => call.path === 'training.pause')).toBe(true);
    await session.clickTrayMenu('Resume');
    await until(
      async () => (await session.trayMenu()).some((item) => item.label === 'Pause'),
      'Pause',
    );
  });

  test('a notice becomes a notification, its markup escaped; a click opens its screen', async () => {
    const { session } = scenario;
    await change(scenario, {
      notices: [
        notice('n-1', {
          kind: 'out_of_memory',
          title: 'GPU memory ran out at step 44,372',
          body: 'a <b> & c',
          opens: 'queue',
        }),
        notice('n-2', { kind: 'fact', title: 'not worth a notification' }),
      ],
    });
    const shown = await until(() => session.notifications[0], 'the notification');
    expect([shown.title, shown.body]).toEqual([
      'GPU memory ran out at step 44,372',
      'a &lt;b&gt; &amp; c',
    ]);
    expect(session.notifications.length).toBe(1);
    await launched.app.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]?.hide();
    });
    session.click(shown);
    await until(async () => (await launched.page.title()).startsWith('Queue'), 'the screen');
    await expect.poll(() => visible(launched)).toBe(true);
  });

  test('closing hides the window, the tray shows it again', async () => {
    await launched.app.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]?.close();
    });
    await until(async () => !(await visible(launched)), 'hidden');
    expect(scenario.engine()).not.toBeNull();
    const trayNotices = (): number =>
      scenario.session.notifications.filter(
        (notification) => notification.title === 'Nightshift is still running',
      ).length;
    await until(() => trayNotices() === 1, 'the notification about the tray');
    await scenario.session.activateTray();
    await until(() => visible(launched), 'shown');
    await launched.app.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]?.close();
    });
    await until(async () => !(await visible(launched)), 'hidden');
    await scenario.session.activateTray();
    await until(() => visible(launched), 'shown');
    expect(trayNotices()).toBe(1);
  });

  test('a second launch exits, shows the first window and passes on its files', async () => {
    const file = join(scenario.folder, 'two words.jsonl');
    writeFileSync(file, '{"text":"a"}\n');
    await launched.app.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]?.hide();
    });
    expect(await scenario.launchAgain('two words.jsonl')).toBe(0);
    await until(() => visible(launched), 'shown');
    const added = await until(
      async () => (await calls(scenario)).find((call) => call.path === 'queue.add'),
      'the file to be queued',
    );
    expect(added.input).toMatchObject({ paths: [file] });
  });

  test('a file dropped on the page is queued by its path', async () => {
    const file = join(scenario.folder, 'dropped.jsonl');
    writeFileSync(file, '{"text":"a"}\n');
    const session = await launched.page.context().newCDPSession(launched.page);
    const data = { items: [], files: [file], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await session.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data });
    const added = await until(
      async () => (await calls(scenario)).find((call) => JSON.stringify(call).includes(file)),
      'the file to be queued',
    );
    expect(added.path).toBe('queue.add');
    expect(await launched.page.evaluate(() => window.nightshift.pathOf(new File(['x'], 'x')))).toBe(
      '',
    );
  });

  test('quitting while training asks; Cancel stays, Keep training leaves the engine running', async () => {
    const { app } = launched;
    const engine = scenario.engine() ?? 0;
    await answerDialogs(app, 2);
    await scenario.session.clickTrayMenu('Quit');
    const [question] = await until(async () => {
      const all = await asked(app);
      return all.length > 0 ? all : null;
    }, 'the question');
    expect(question?.message).toMatch(/ is training, .+ left$/);
    expect(question?.buttons).toEqual([
      'Keep training in the background',
      expect.stringMatching(/^Save a checkpoint and stop/),
      'Cancel',
    ]);
    // It stayed: it asks again.
    await scenario.session.clickTrayMenu('Quit');
    await until(async () => (await asked(app)).length === 2, 'the second question');
    expect(isRunning(launched.pid)).toBe(true);
    await answerDialogs(app, 0);
    await scenario.session.clickTrayMenu('Quit');
    await ended(launched);
    expect(isRunning(engine)).toBe(true);
  });

  test('the next start attaches and repeats no notification', async () => {
    const before = { engine: scenario.engine(), notes: scenario.session.notifications.length };
    await change(scenario, {
      notices: [
        notice('n-3', { title: 'sent while the window was closed' }),
        notice('n-1', { t: 1 }),
      ],
    });
    launched = await scenario.launch();
    await until(() => scenario.session.notifications[before.notes], 'the notification');
    expect(
      scenario.session.notifications.slice(before.notes).map((notification) => notification.title),
    ).toEqual(['sent while the window was closed']);
    expect(scenario.engine()).toBe(before.engine);
  });

  test('quitting with a stop ends engine and application', async () => {
    const { app } = launched;
    const engine = scenario.engine() ?? 0;
    await until(
      async () => (await scenario.session.trayMenu())[0]?.label.startsWith('Training '),
      'attached',
    );
    await answerDialogs(app, 1);
    await scenario.session.clickTrayMenu('Quit');
    await ended(launched);
    await until(() => !isRunning(engine), 'the engine to end');
  });

  test('an engine of an older contract version is only restarted after confirmation', async () => {
    const older = await Scenario.begin(scripted);
    writeFileSync(join(older.workspace, 'contract'), '0');
    try {
      const { app } = await older.launch();
      await answerDialogs(app, 0);
      const read = join(older.workspace, 'contract.read');
      await until(() => existsSync(read), 'the engine to read its version');
      rmSync(read);
      const [question] = await until(async () => {
        const all = await asked(app);
        return all.length > 0 ? all : null;
      }, 'the question');
      expect(question?.message).toBe('The engine of this workspace is older than this window');
      expect(question?.buttons[0]).toBe('Restart engine (training is not affected)');
      await until(
        async () => (await older.session.trayMenu())[0]?.label.startsWith('Training '),
        'attached',
      );
      expect(await asked(app)).toHaveLength(1);
    } finally {
      await older.clear();
    }
  });
});

const visible = ({ app }: Launched): Promise<boolean> =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible() ?? false);
