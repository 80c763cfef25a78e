/** Every task by keyboard. The focus is always visible and never lost. */
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { called, callsOf, openPage } from './open-page.ts';
import * as frame from './pages/frame.ts';

/** The focused element, and whether its focus is visible. */
async function focus(page: Page): Promise<{ readonly name: string; readonly seen: boolean }> {
  return page.evaluate(() => {
    const entry = document.activeElement;
    if (entry === null || entry === document.body) return { name: 'nothing', seen: false };
    // The one way in which the design shows the focus; a hidden radio shows it on the label beside it.
    const accent = document.createElement('i');
    accent.style.color = 'var(--accent)';
    document.body.append(accent);
    const color = getComputedStyle(accent).color;
    accent.remove();
    const ringed = (each: Element | null): boolean => {
      if (each === null) return false;
      const style = getComputedStyle(each);
      const box = each.getBoundingClientRect();
      return (
        style.outlineStyle === 'solid' &&
        Number.parseFloat(style.outlineWidth) >= 2 &&
        style.outlineColor === color &&
        Number(style.opacity) > 0 &&
        box.width > 1 &&
        box.height > 1
      );
    };
    return {
      name:
        entry.getAttribute('aria-label') ??
        ('labels' in entry ? (entry as HTMLInputElement).labels?.[0]?.textContent : null) ??
        entry.textContent.trim().slice(0, 60),
      seen: ringed(entry) || ringed(entry.nextElementSibling),
    };
  });
}

/** Presses Tab until a control with this name has the focus. */
async function tabTo(page: Page, name: RegExp, back = false): Promise<void> {
  const passed: string[] = [];
  for (let press = 0; press < 90; press += 1) {
    const now = await focus(page);
    if (now.name !== 'nothing')
      expect(now.seen, `the focus of "${now.name}" to be seen`).toBe(true);
    if (name.test(now.name)) return;
    passed.push(now.name);
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab');
  }
  throw new Error(`Tab does not reach ${String(name)}; passed: ${passed.join(' | ')}`);
}

/** Moves to the top of the focused list, then down to the option with this id. */
async function arrowTo(page: Page, id: string): Promise<void> {
  const at = (): Promise<string | null | undefined> =>
    page.evaluate(() => document.activeElement?.getAttribute('aria-activedescendant'));
  for (let press = 0; press < 20; press += 1) await page.keyboard.press('ArrowUp');
  for (let press = 0; press < 20 && (await at()) !== id; press += 1)
    await page.keyboard.press('ArrowDown');
  await expect.poll(() => at()).toBe(id);
}

const hasFocus = (page: Page) =>
  expect.poll(() => focus(page).then((now) => now.name), { timeout: 3000 }).not.toBe('nothing');

test('first run: the base model and the sample', async () => {
  const { page, server } = await openPage({ scene: 'first_run', at: '#/' });
  await tabTo(page, /Use this model|Make|Starter|SmolLM2/);
  await page.keyboard.press('Space');
  await hasFocus(page);
  await tabTo(page, /Use the sample/);
  await page.keyboard.press('Enter');
  await called(server, 'setup.sample');
  await hasFocus(page);
});

test('files are added by Ctrl O, accepted, and their columns get roles', async () => {
  const { page, server } = await openPage({ at: '#/data' });
  // The browser is told to hand its dialogs over before the key can open one.
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('heading', { name: 'Data', level: 1 }).waitFor();
  await page.keyboard.press('Control+o');
  await (
    await chooser
  ).setFiles({
    name: 'typed.jsonl',
    mimeType: 'application/jsonl',
    buffer: Buffer.from('{"question":"1+1","answer":"2"}\n'),
  });
  await called(server, 'uploads.finish');
  await tabTo(page, /Choose files/);
  await tabTo(page, /^Uploads$/);
  await arrowTo(page, 'file-d-broken');
  await tabTo(page, /Train on the .* valid rows/);
  await page.keyboard.press('Enter');
  await called(server, 'datasets.acceptValidRows');
  await hasFocus(page);
  await tabTo(page, /^Uploads$/, true);
  await arrowTo(page, 'file-d-banking');
  await tabTo(page, /^Prompt column/);
  await page.keyboard.type('text');
  await tabTo(page, /^Response column/);
  await page.keyboard.type('category');
  await tabTo(page, /^Use this mapping/);
  await page.keyboard.press('Enter');
  expect(await called(server, 'datasets.mapColumns')).toMatchObject({
    id: 'd-banking',
    mapping: { prompt: 'text', answer: 'category' },
  });
  await hasFocus(page);
});

test('queue: move, hold, rows, remove, retry; the focus stays with the row or its neighbor', async () => {
  const { page, server } = await openPage({ at: '#/queue' });
  await page.getByRole('heading', { name: 'Queue', level: 1 }).waitFor();
  await tabTo(page, /support_tickets/);
  await page.keyboard.press('Alt+ArrowRight');
  await called(server, 'queue.move');
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.id))
    .toBe('queue-d-support-high');
  await page.keyboard.press('h');
  await called(server, 'queue.hold');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: /support_tickets/ }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: /support_tickets/ }).waitFor({ state: 'detached' });
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.id))
    .toBe('queue-d-support-high');
  await page.keyboard.press('Delete');
  await called(server, 'queue.remove');
  await page.locator('#queue-d-support-high').waitFor({ state: 'detached' });
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.id ?? ''))
    .toMatch(/^queue-d-/);
  await tabTo(page, /Retry: export_empty/);
  await page.keyboard.press('Enter');
  await called(server, 'queue.retry');
  await hasFocus(page);
});

test('pause, resume, stop and skip', async () => {
  const { page, server } = await openPage();
  await tabTo(page, /^Pause/);
  await page.keyboard.press('Enter');
  await called(server, 'training.pause');
  await expect.poll(() => focus(page).then((now) => now.name)).toMatch(/^Resume/);
  await page.keyboard.press('Control+Shift+P');
  await called(server, 'training.resume');
  await hasFocus(page);
  await page.keyboard.press('Control+.');
  await page.getByRole('dialog', { name: 'Stop training' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: 'Stop training' }).waitFor({ state: 'detached' });
  await hasFocus(page);
  await page.keyboard.press('Control+.');
  await page.getByRole('dialog', { name: 'Stop training' }).waitFor();
  await tabTo(page, /^After this dataset/);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  // From the choice of this name to the button of this name.
  await page.keyboard.press('Tab');
  await tabTo(page, /^Skip this dataset/);
  await page.keyboard.press('Enter');
  await called(server, 'training.skip');
  await hasFocus(page);
});

test('config: change, stage, consent, cancel', async () => {
  const { page, server } = await openPage({ at: '#/config' });
  await page.getByRole('heading', { name: 'Config', level: 1 }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('max_length');
  await tabTo(page, /^Max length|^Maximum length/i);
  await page.keyboard.press('Control+a');
  await page.keyboard.type('1024');
  await tabTo(page, /Stage for next dataset|Save changes/);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: /max_length/ });
  await dialog.waitFor();
  expect((await focus(page)).name).toBe('Cancel');
  await tabTo(page, /Change from next dataset|Change now/);
  await page.keyboard.press('Enter');
  expect(await called(server, 'config.set')).toMatchObject({ key: 'max_length', value: 1024 });
  await dialog.waitFor({ state: 'detached' });
  await hasFocus(page);
  await tabTo(page, /^Unstage/);
  await page.keyboard.press('Enter');
  await called(server, 'config.unstage');
  await hasFocus(page);
});

test('models: create, compare, pin, delete', async () => {
  const { page, server } = await openPage({ at: '#/models' });
  await page.getByRole('heading', { name: 'Models', level: 1 }).waitFor();
  await tabTo(page, /^Create version/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Create version' }).waitFor();
  await page.keyboard.type('by hand');
  await page.keyboard.press('Enter');
  await called(server, 'versions.create');
  await expect.poll(() => focus(page).then((now) => now.name)).toMatch(/Create version/);
  await tabTo(page, /^Compare two/, true);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Compare two versions' }).waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => focus(page).then((now) => now.name)).toMatch(/Compare two/);
  await tabTo(page, /^Pin$/);
  await page.keyboard.press('Enter');
  await called(server, 'versions.pin');
  await expect.poll(() => focus(page).then((now) => now.name)).toBe('Unpin');
  await page.keyboard.press('Enter');
  await called(server, 'versions.pin', 2);
  await tabTo(page, /^Delete$/);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: /^Delete / });
  const title = await dialog.getByRole('heading', { name: /^Delete / }).textContent();
  // The dialog takes the focus a moment after its heading is there.
  const isInName = () =>
    dialog.getByRole('textbox').evaluate((box) => box === document.activeElement);
  await expect.poll(isInName).toBe(true);
  await page.keyboard.type((title ?? '').replace('Delete ', ''));
  if ((await dialog.getByRole('checkbox').count()) > 0) {
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
  }
  await tabTo(page, /^Delete v/);
  await page.keyboard.press('Enter');
  await called(server, 'versions.remove');
  await dialog.waitFor({ state: 'detached' });
  await hasFocus(page);
});

test('logs are searched, and the palette opens every screen', async () => {
  const { page } = await openPage({ at: '#/logs' });
  await page.getByRole('heading', { name: 'Logs', level: 1 }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('checkpoint');
  await expect
    .poll(() => page.getByRole('searchbox').or(page.getByRole('textbox')).first().inputValue())
    .toBe('checkpoint');
  for (const screen of ['Dashboard', 'Data', 'Queue', 'Models', 'Config', 'Logs']) {
    await page.keyboard.press('Control+k');
    await frame.palette(page).waitFor();
    await page.keyboard.type(`open ${screen.toLowerCase()}`);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: screen, level: 1 }).waitFor();
    await hasFocus(page);
  }
});

test('notices are dismissed one after another', async () => {
  const { page, server } = await openPage({ scene: 'failed' });
  const open = (): number =>
    server.engine.rooms().notices.filter(({ dismissed, tone }) => !dismissed && tone !== 'info')
      .length;
  const notices = server.engine.rooms().notices.map((notice) => ({
    ...notice,
    tone: 'warn' as const,
  }));
  server.engine.change({ notices });
  const count = open();
  expect(count).toBeGreaterThan(0);
  for (let dismissed = 1; dismissed <= count; dismissed += 1) {
    await tabTo(page, /^Dismiss: /);
    await page.keyboard.press('Enter');
    await called(server, 'notices.dismiss', dismissed);
    await expect.poll(open).toBe(count - dismissed);
    await hasFocus(page);
  }
  expect(callsOf(server, 'notices.dismiss')).toHaveLength(count);
});
