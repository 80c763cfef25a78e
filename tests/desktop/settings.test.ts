/**
 * Desktop settings: applied, saved across a restart; the autostart file; sleep prevention while
 * training.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Notice, Rooms } from '../../src-main/contract/index.ts';
import {
  answerDialogs,
  buildParts,
  connected,
  ended,
  found,
  root,
  Scenario,
  until,
  type Launched,
} from './launch.ts';

describe.skipIf(found.runtime === null)('settings of the desktop', () => {
  let scenario: Scenario;
  let launched: Launched;
  let autostart: string;
  beforeAll(async () => {
    buildParts();
    scenario = await Scenario.begin({
      NIGHTSHIFT_ENGINE: join(root, 'tests/desktop/fixtures/scripted-engine.ts'),
    });
    (scenario.extra as Record<string, string>)['XDG_CONFIG_HOME'] = join(scenario.folder, 'config');
    autostart = join(scenario.folder, 'config/autostart/nightshift.desktop');
    launched = await scenario.launch();
    await connected(launched.page);
    await launched.page.evaluate(() => {
      location.hash = '#/settings';
    });
    await launched.page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
  });
  afterAll(async () => {
    await scenario.clear();
  });

  const change = async (rooms: Partial<Rooms>): Promise<void> => {
    const { port } = JSON.parse(
      readFileSync(join(scenario.workspace, 'scripted.json'), 'utf8'),
    ) as { port: number };
    await fetch(`http://127.0.0.1:${String(port)}/`, {
      method: 'POST',
      body: JSON.stringify(rooms),
    });
  };
  const zoom = (): Promise<number> =>
    launched.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0] === undefined
        ? 0
        : BrowserWindow.getAllWindows()[0].webContents.getZoomFactor(),
    );

  test('start at login creates and removes the autostart file', async () => {
    const box = launched.page.getByRole('checkbox', { name: 'Start Nightshift at login' });
    await expect.poll(() => box.isChecked()).toBe(false);
    await box.check();
    await until(() => existsSync(autostart), 'the file');
    const text = readFileSync(autostart, 'utf8');
    expect(text).toMatch(/^Exec=.*electron.* --hidden$/m);
    await box.uncheck();
    await until(() => !existsSync(autostart), 'the file to go');
  });

  test('prevents sleep only while training, and only if enabled', async () => {
    const { session } = scenario;
    const box = launched.page.getByRole('checkbox', { name: /Keep the machine awake/ });
    await until(() => session.inhibitors.size === 1, 'sleep prevented while training');
    await box.uncheck();
    await until(() => session.inhibitors.size === 0, 'sleep allowed');
    await box.check();
    await until(() => session.inhibitors.size === 1, 'sleep prevented again');
    await session.clickTrayMenu('Pause');
    await until(() => session.inhibitors.size === 0, 'sleep allowed while paused');
    await session.clickTrayMenu('Resume');
    await until(() => session.inhibitors.size === 1, 'sleep prevented after resume');
  });

  test('a silenced kind is not shown as a notification; others are', async () => {
    const { page } = launched;
    await page.getByRole('checkbox', { name: 'A dataset finished' }).uncheck();
    const notice = (id: string, kind: Notice['kind'], after: number): Notice => ({
      id,
      t: Date.now() / 1000 + after,
      kind,
      tone: 'info',
      title: id,
      body: 'body',
      opens: 'health',
      dismissed: false,
    });
    await change({
      notices: [
        notice('of a dataset', 'dataset_done', 0),
        notice('of a crash', 'crash_recovered', 1),
      ],
    });
    const shown = await until(() => scenario.session.notifications[0], 'the notification');
    expect(shown.title).toBe('of a crash');
    scenario.session.click(shown);
    await page.getByRole('heading', { name: 'Health', level: 1 }).waitFor();
  });

  test('zoom is applied, can be changed from the menu, and survives a restart', async () => {
    const { page, app } = launched;
    await page.evaluate(() => {
      location.hash = '#/settings';
    });
    await page.getByRole('radiogroup', { name: 'Interface size' }).getByText('125').click();
    await until(async () => Math.abs((await zoom()) - 1.25) < 0.01, 'the size');
    await app.evaluate(({ Menu }) => {
      const view = Menu.getApplicationMenu()?.items.find((item) => item.label.includes('View'));
      view?.submenu?.items.find((item) => item.label === 'Zoom in')?.click();
    });
    await until(async () => Math.abs((await zoom()) - 1.5) < 0.01, 'one step larger');
    await until(
      () => page.getByRole('radio', { name: /150/ }).isChecked(),
      'the screen to follow the menu',
    );
    const kept = JSON.parse(readFileSync(join(scenario.userData, 'settings.json'), 'utf8')) as {
      preferences: unknown;
    };
    expect(kept.preferences).toEqual({ zoom: 150, silenced: ['dataset_done'], keepAwake: true });

    await answerDialogs(app, 0);
    await scenario.session.clickTrayMenu('Quit');
    await ended(launched);
    launched = await scenario.launch('--hidden');
    await connected(launched.page);
    await until(async () => Math.abs((await zoom()) - 1.5) < 0.01, 'the size after a restart');
    expect(
      await launched.app.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows()[0]?.isVisible(),
      ),
    ).toBe(false);
    await scenario.session.activateTray();
    await until(
      () =>
        launched.app.evaluate(
          ({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible() ?? false,
        ),
      'the window when it is asked for',
    );
  });

  test('the menu opens the shortcut list and the command palette', async () => {
    const { page, app } = launched;
    const press = (menu: string, label: string): Promise<void> =>
      app.evaluate(
        ({ Menu }, names) => {
          const found = Menu.getApplicationMenu()?.items.find((item) =>
            item.label.includes(names.menu),
          );
          found?.submenu?.items.find((item) => item.label === names.label)?.click();
        },
        { menu, label },
      );
    await press('Help', 'Keyboard shortcuts');
    await page.getByRole('dialog', { name: /^(Keys|Keyboard shortcuts)$/ }).waitFor();
    await page.keyboard.press('Escape');
    await press('View', 'Command palette');
    await page.getByRole('dialog', { name: /^Command(s| palette)$/ }).waitFor();
    await page.keyboard.press('Escape');
    await press('Help', 'Help');
    await page.getByRole('heading', { name: 'Help', level: 1 }).waitFor();
  });
});
