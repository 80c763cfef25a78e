/** The data screen: drops that become uploads, verdicts, reports and what the user decides about them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Refusal } from '../../src-main/contract/index.ts';
import { called, callsOf, drop, openStage, seriousFindings } from './open-page.ts';

const row = (n: number): string =>
  JSON.stringify({ question: `What is ${String(n)} plus 1?`, answer: String(n + 1) });
const rows = (count: number): string =>
  Array.from({ length: count }, (_, n) => `${row(n)}\n`).join('');

test('five files dropped at once arrive whole, each with its own place in the list', async () => {
  const { page, server } = await openStage();
  const files = [
    { name: 'arithmetic.jsonl', text: rows(400) },
    { name: 'umlauts äöü €.jsonl', text: `${row(1)}\n` },
    { name: 'table.csv', text: 'text,category\n"a ""quoted"" comma, here",x\n' },
    { name: 'empty.jsonl', text: '' },
    { name: 'large.jsonl', text: rows(150_000) },
  ];
  await drop(page, files);
  await page.getByRole('heading', { name: 'Data', exact: true }).waitFor();
  await called(server, 'uploads.finish', 5);
  const list = page.getByRole('listbox');
  for (const { name } of files) await list.getByText(name, { exact: true }).waitFor();
  // The engine compared each hash with its own; only the sizes are looked at here.
  const datasets = server.engine.rooms().datasets;
  for (const { name, text } of files)
    expect(datasets.find((dataset) => dataset.name === name)?.bytes).toBe(Buffer.byteLength(text));
  expect(callsOf(server, 'uploads.append').length).toBeGreaterThan(4);
});

test('the lane of a drop is its priority; a second file of that name gets its own', async () => {
  const { page, server } = await openStage();
  await drop(page, [{ name: 'urgent.jsonl', text: row(1) }], 'high');
  await called(server, 'uploads.finish');
  await drop(page, [{ name: 'urgent.jsonl', text: row(2) }], 'low');
  await called(server, 'uploads.finish', 2);
  const added = server.engine
    .rooms()
    .datasets.filter((dataset) => dataset.name.startsWith('urgent'));
  expect(added.map((dataset) => [dataset.name, dataset.priority])).toEqual([
    ['urgent.jsonl', 'high'],
    ['urgent_2.jsonl', 'low'],
  ]);
});

test('an upload that is refused says why beside the file, and can be taken off the list', async () => {
  const { page, server } = await openStage();
  server.engine.refuseNext(
    'uploads.begin',
    new Refusal('DISK_FULL', 'There is no room for big.jsonl: 3.1 GB are free.', {
      next: 'Make room on the disk.',
    }),
  );
  await drop(page, [{ name: 'big.jsonl', text: row(1) }]);
  const uploads = page.getByRole('list', { name: 'Uploads' });
  await uploads
    .getByText('There is no room for big.jsonl: 3.1 GB are free. Make room on the disk.')
    .waitFor();
  await uploads.getByRole('button', { name: 'Take big.jsonl off the list' }).click();
  await uploads.waitFor({ state: 'detached' });
});

test('each verdict is said in words, those that need the user first', async () => {
  const { page } = await openStage({ at: '#/data' });
  const options = page.getByRole('listbox').getByRole('option');
  await options.first().waitFor();
  const texts = await options.allInnerTexts();
  expect(texts.slice(0, 2).every((text) => text.includes('Decide'))).toBe(true);
  expect(texts.some((text) => /Validating 42\s?%/.test(text))).toBe(true);
  expect(texts.some((text) => text.includes('Training, step 140 of 467'))).toBe(true);
  expect(texts.some((text) => text.includes('Held'))).toBe(true);
  await page.getByText('export_empty.jsonl').waitFor();
});

test('a report names the max_length it was validated under when another is set now', async () => {
  const { page, server } = await openStage({ at: '#/data' });
  await page.getByRole('option', { name: /home_requests/ }).click();
  const report = page.getByRole('region', { name: 'Report of home_requests.jsonl' });
  await report.getByText('all rows fit max_length 4,096').waitFor();
  expect(await report.getByText('Judged under').count()).toBe(0);
  const { config } = server.engine.rooms();
  server.engine.change({ config: { ...config, values: { ...config.values, max_length: 1024 } } });
  await report.getByText('Judged under max_length 4,096; it is 1,024 now.').waitFor();
  await report.getByText('all rows fit max_length 4,096').waitFor();
});

test('a file with broken rows shows them by number and is trained with the good ones', async () => {
  const { page, server } = await openStage({ at: '#/data' });
  await page.getByRole('option', { name: /home_requests/ }).click();
  const report = page.getByRole('region', { name: 'Report of home_requests.jsonl' });
  await report.getByText('the line ends inside a string', { exact: false }).first().waitFor();
  await report.getByText('388', { exact: false }).first().waitFor();
  await report.getByRole('button', { name: 'Accept the good rows, 598 of 600' }).click();
  expect(await called(server, 'datasets.acceptValidRows')).toEqual({ id: 'd-broken' });
  await report.getByText('Ready', { exact: true }).waitFor();
});

test('columns get their roles once; the same column cannot have both', async () => {
  const { page, server } = await openStage({ at: '#/data' });
  await page.getByRole('option', { name: /banking77_train/ }).click();
  const form = page.getByRole('form', { name: 'Roles of the columns' });
  const use = form.getByRole('button', { name: 'Use these columns' });
  expect(await use.isDisabled()).toBe(true);
  await form.getByLabel('The prompt, what the model reads').selectOption('text');
  await form.getByLabel('The answer, what it learns to write').selectOption('text');
  await form.getByText('This column is already the prompt.').waitFor();
  expect(await use.isDisabled()).toBe(true);
  await form.getByLabel('The answer, what it learns to write').selectOption('category');
  await form.getByLabel('The first row with these roles').waitFor();
  await use.click();
  expect(await called(server, 'datasets.mapColumns')).toEqual({
    id: 'd-banking',
    mapping: { format: 'columns', prompt: 'text', answer: 'category' },
  });
  await form.waitFor({ state: 'detached' });
});

test('the list is scanned with the arrows, the report follows', async () => {
  const { page } = await openStage({ at: '#/data' });
  const list = page.getByRole('listbox');
  await list.focus();
  await page.keyboard.press('ArrowDown');
  const first = await list.getByRole('option', { selected: true }).innerText();
  await page.keyboard.press('ArrowDown');
  await page.waitForFunction(
    (old) =>
      document.querySelector<HTMLElement>('[role=option][aria-selected=true]')?.innerText !== old,
    first,
  );
  expect(await page.getByRole('region', { name: /^Report of/ }).count()).toBe(1);
});

test('a drop over an overlay that has just come up is taken; a drag that ends unseen leaves no overlay', async () => {
  const { server, page } = await openStage();
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-drop-'));
  const file = join(folder, 'still.jsonl');
  writeFileSync(file, row(1));
  const session = await page.context().newCDPSession(page);
  const drag = (type: 'dragEnter' | 'dragOver' | 'drop'): Promise<unknown> =>
    session.send('Input.dispatchDragEvent', {
      type,
      x: 400,
      y: 400,
      data: { items: [], files: [file], dragOperationsMask: 1 },
    });
  const overlay = page.getByRole('dialog', { name: 'Drop files' });
  await drag('dragEnter');
  await drag('dragOver');
  // The overlay came up under a hand that rests: the drop is the first that it hears of the drag.
  await overlay.waitFor();
  await drag('drop');
  await overlay.waitFor({ state: 'detached' });
  await called(server, 'uploads.finish');
  await drag('dragEnter');
  await overlay.waitFor();
  await page.mouse.move(420, 420);
  await overlay.waitFor({ state: 'detached' });
  rmSync(folder, { recursive: true });
});

test('a drag that carries no file is told so; Escape ends the overlay', async () => {
  const { page, server } = await openStage();
  const transfer = await page.evaluateHandle(() => {
    const made = new DataTransfer();
    made.setData('text/plain', 'hello');
    return made;
  });
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: transfer });
  await page.getByText('Only files and folders can be dropped').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: 'Drop files' }).waitFor({ state: 'detached' });
  expect(callsOf(server, 'uploads.begin')).toEqual([]);
});

test('any row is found by number or by what became of it, and shown as it stands and as it is trained', async () => {
  const { page, server } = await openStage({ at: '#/data' });
  await page.getByRole('option', { name: /home_requests/ }).click();
  const report = page.getByRole('region', { name: 'Report of home_requests.jsonl' });
  await report.getByRole('button', { name: 'Show every row' }).click();
  const list = report.getByRole('listbox', { name: 'Rows' });
  await list.getByRole('option', { name: '17 rejected' }).waitFor();
  // Only what is in view is drawn.
  expect(await list.getByRole('option').count()).toBeLessThan(60);
  await report.getByLabel('Row number').fill('555');
  await report.getByRole('button', { name: 'Go to row' }).click();
  const row = report.getByRole('region', { name: 'Row 555' });
  await row.getByText('41 tokens, 19 of them targets', { exact: false }).waitFor();
  const trained = row.getByLabel('Text of example 1').locator('mark');
  expect(await trained.innerText()).toContain('"device":"lamp 555"');
  expect(await row.getByLabel('Record in the file').innerText()).toContain('Turn on lamp 555');
  await list.focus();
  await page.keyboard.press('End');
  await report.getByRole('region', { name: 'Row 600' }).waitFor();
  await page.keyboard.press('ArrowUp');
  await report.getByRole('region', { name: 'Row 599' }).waitFor();
  const kinds = report.getByLabel('Which rows');
  expect(await kinds.locator('option').allInnerTexts()).toContain('Rejected: not json, 2');
  await kinds.selectOption('rejected not_json');
  await report.getByRole('region', { name: 'Row 17' }).getByText('Not valid JSON:').waitFor();
  expect(await list.getByRole('option').count()).toBe(2);
  expect(callsOf(server, 'datasets.rows')).toContainEqual(
    expect.objectContaining({ filter: 'rejected', reason: 'not_json', id: 'd-broken' }),
  );
  expect(await seriousFindings(page)).toEqual([]);
  await report.getByRole('button', { name: 'Report', exact: true }).click();
  await report.getByRole('button', { name: '61 92 % as 60' }).click();
  await report.getByRole('region', { name: 'Row 61' }).waitFor();
});

test('rows that are too long: each way says what it costs, and the chosen one is carried out', async () => {
  const { page, server, complaints } = await openStage({ at: '#/data', height: 1400 });
  await page.getByRole('button', { name: /too_long/ }).click();
  const report = page.getByRole('region', { name: 'Report of too_long.jsonl' });
  await report.getByText('212 of them would lose the whole answer', { exact: false }).waitFor();
  const table = report.getByRole('table', { name: 'Rows that are too long' });
  const cells = async (name: RegExp): Promise<string> =>
    (await table.getByRole('row', { name }).innerText()).replaceAll(/\s+/g, ' ');
  expect(await cells(/^Drop these rows/)).toMatch(
    / 16,881 1,331 lost about 1,783,713 58 min [\d.]+ GB Tight$/,
  );
  expect(await cells(/^Cut them at 4,096/)).toMatch(/ 18,000 212 lost about 538,121 58 min /);
  expect(await cells(/^Raise max_length to 5,312/)).toMatch(
    / 18,212 0 lost 0 1 h 2 min [\d.]+ GB Too large$/,
  );
  // Nothing is chosen while the file is refused, and nothing happens by looking.
  const act = report.getByRole('button', { name: 'Choose one of these' });
  expect(await act.isDisabled()).toBe(true);
  expect(await seriousFindings(page)).toEqual([]);
  await table.getByRole('radio', { name: 'Cut them at 4,096' }).check();
  expect(callsOf(server, 'config.set')).toEqual([]);
  await report.getByRole('button', { name: 'Cut them at 4,096, from the next dataset' }).click();
  expect(await called(server, 'config.set')).toEqual({
    key: 'over_length',
    value: 'truncate',
    confirm: null,
    stage: true,
    by: 'you (window)',
  });
  await table.getByRole('row', { name: /Cut them.*staged for the next dataset/ }).waitFor();
  expect(callsOf(server, 'queue.retry')).toEqual([]);
  // Nothing is trained, nothing is locked: the refused file is validated again at once.
  const { config, status } = server.engine.rooms();
  server.engine.change({
    config: { ...config, locks: {}, staged: {} },
    status: { ...status, current_dataset: null },
  });
  await table.getByRole('radio', { name: 'Drop these rows' }).check();
  await report.getByRole('button', { name: 'Drop these rows', exact: true }).click();
  expect(await called(server, 'config.set', 2)).toMatchObject({ value: 'drop', stage: false });
  expect(await called(server, 'queue.retry')).toEqual({ id: 'd-too-long' });
  expect(complaints).toEqual([]);
});

test('max_length is raised to what loses nothing only after its consequence was shown', async () => {
  const { page, server } = await openStage({ at: '#/data' });
  await page.getByRole('button', { name: /too_long/ }).click();
  const report = page.getByRole('region', { name: 'Report of too_long.jsonl' });
  await report.getByRole('radio', { name: 'Raise max_length to 5,312' }).check();
  const raise = report.getByRole('button', {
    name: 'Raise max_length to 5,312, from the next dataset',
  });
  await raise.click();
  const dialog = page.getByRole('dialog', { name: 'max_length 5,312' });
  await dialog.getByRole('row', { name: /^4,096, as now 1,331 .* GB/ }).waitFor();
  await dialog.getByRole('row', { name: /^5,312 0 .* GB/ }).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  expect(callsOf(server, 'config.set')).toEqual([]);
  await raise.click();
  await dialog.getByRole('button', { name: 'Change from the next dataset' }).click();
  expect(await called(server, 'config.set')).toMatchObject({
    key: 'max_length',
    value: 5312,
    confirm: 'max_length',
    stage: true,
  });
  // Staged: the file is validated again when the change is applied, not before.
  expect(callsOf(server, 'queue.retry')).toEqual([]);
});
