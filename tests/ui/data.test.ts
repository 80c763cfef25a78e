/** The data screen: drops and uploads, verdicts, reports and decisions. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Refusal } from '../../src-main/contract/index.ts';
import { called, callsOf, drop, live, openPage, seriousFindings } from './open-page.ts';
import { dataOf } from './pages/data.ts';

const row = (n: number): string =>
  JSON.stringify({ question: `What is ${String(n)} plus 1?`, answer: String(n + 1) });
const rows = (count: number): string =>
  Array.from({ length: count }, (_, n) => `${row(n)}\n`).join('');

test('five files dropped at once are uploaded completely, each with its own row in the list', async () => {
  const { page, server } = await openPage();
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
  const list = dataOf(page).files;
  for (const { name } of files) await list.getByText(name, { exact: true }).waitFor();
  // The engine has compared the hashes; only the sizes are checked here.
  const datasets = server.engine.rooms().datasets;
  for (const { name, text } of files)
    expect(datasets.find((dataset) => dataset.name === name)?.bytes).toBe(Buffer.byteLength(text));
  expect(callsOf(server, 'uploads.append').length).toBeGreaterThan(4);
});

test('the lane of a drop is its priority; a second file with the same name is renamed', async () => {
  const { page, server } = await openPage();
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

test('a refused upload shows the reason at the file and can be removed from the list', async () => {
  const { page, server } = await openPage();
  server.engine.refuseNext(
    'uploads.begin',
    new Refusal('DISK_FULL', 'There is no room for big.jsonl: 3.1 GB are free.', {
      next: 'Make room on the disk.',
    }),
  );
  await drop(page, [{ name: 'big.jsonl', text: row(1) }]);
  const uploads = dataOf(page).uploadsInProgress;
  await uploads
    .getByText('There is no room for big.jsonl: 3.1 GB are free. Make room on the disk.')
    .waitFor();
  await uploads.getByRole('button', { name: 'Remove big.jsonl from the list' }).click();
  await uploads.waitFor({ state: 'detached' });
});

test('each verdict is shown as text, files that need a decision first', async () => {
  const { page } = await openPage({ at: '#/data' });
  const options = dataOf(page).files.getByRole('option');
  await options.first().waitFor();
  const texts = await options.allInnerTexts();
  expect(texts.slice(0, 2).every((text) => /Needs (review|mapping)/.test(text))).toBe(true);
  expect(texts.some((text) => /Validating 42\s?%/.test(text))).toBe(true);
  expect(texts.some((text) => text.includes('Training, step 140 of 467'))).toBe(true);
  expect(texts.some((text) => text.includes('Held'))).toBe(true);
  await page.getByText('export_empty.jsonl').waitFor();
});

test('a report names its max_length when the setting has changed since', async () => {
  const { page, server } = await openPage({ at: '#/data' });
  await page.getByRole('option', { name: /home_requests/ }).click();
  const report = page.getByRole('region', { name: 'Report of home_requests.jsonl' });
  const histogram = report.getByRole('img', { name: /All rows fit max_length 4,096/ });
  await histogram.waitFor();
  await expect.poll(() => report.getByText('Validated with').count()).toBe(0);
  const { config } = server.engine.rooms();
  server.engine.change({ config: { ...config, values: { ...config.values, max_length: 1024 } } });
  await report.getByText('Validated with max_length 4,096; it is 1,024 now.').waitFor();
  await histogram.waitFor();
});

test('a file with invalid rows lists them by number and can be trained on the valid ones', async () => {
  const { page, server } = await openPage({ at: '#/data' });
  await page.getByRole('option', { name: /home_requests/ }).click();
  const report = page.getByRole('region', { name: 'Report of home_requests.jsonl' });
  await report.getByText('the line ends inside a string', { exact: false }).first().waitFor();
  await report.getByText('388', { exact: false }).first().waitFor();
  await report.getByRole('button', { name: 'Train on the 598 valid rows' }).click();
  expect(await called(server, 'datasets.acceptValidRows')).toEqual({ id: 'd-broken' });
  await report.getByText('Ready', { exact: true }).waitFor();
});

test('columns are mapped once; prompt and response need different columns', async () => {
  const { page, server } = await openPage({ at: '#/data' });
  await page.getByRole('option', { name: /banking77_train/ }).click();
  const form = dataOf(page).mapping;
  const use = form.getByRole('button', { name: 'Use this mapping' });
  // The suggestion is text to category.
  await expect.poll(() => use.isDisabled()).toBe(false);
  await form.getByLabel('Response column').selectOption('text');
  await form.getByText('This column is already the prompt column.').waitFor();
  await expect.poll(() => use.isDisabled()).toBe(true);
  await form.getByLabel('Response column').selectOption('category');
  await form.getByLabel('Row 1 with this mapping').getByText('card_arrival').waitFor();
  await use.click();
  expect(await called(server, 'datasets.mapColumns')).toEqual({
    id: 'd-banking',
    mapping: { format: 'columns', prompt: 'text', answer: 'category' },
  });
  await form.waitFor({ state: 'detached' });
});

test('arrow keys move through the files, the report follows', async () => {
  const { page } = await openPage({ at: '#/data' });
  const list = dataOf(page).files;
  await list.focus();
  await page.keyboard.press('ArrowDown');
  const first = await list.getByRole('option', { selected: true }).innerText();
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => list.getByRole('option', { selected: true }).innerText()).not.toBe(first);
  await expect.poll(() => page.getByRole('region', { name: /^Report of/ }).count()).toBe(1);
});

test('a drop right after the overlay appears is accepted; a drag that ends elsewhere leaves no overlay', async () => {
  const { server, page } = await openPage();
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
  const { overlay } = dataOf(page);
  await drag('dragEnter');
  await drag('dragOver');
  // The pointer rests while the overlay appears: the drop is the first event that it gets.
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

test('a drag without files says so; Escape closes the overlay', async () => {
  const { page, server } = await openPage();
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

test('rows are found by number or state, and shown raw and rendered with the loss mask', async () => {
  const { page, server } = await openPage({ at: '#/data' });
  await page.getByRole('option', { name: /home_requests/ }).click();
  const report = page.getByRole('region', { name: 'Report of home_requests.jsonl' });
  await report.getByRole('button', { name: 'Show all rows' }).click();
  const list = report.getByRole('listbox', { name: 'Rows' });
  await list.getByRole('option', { name: '17 rejected' }).waitFor();
  // Only visible rows are rendered.
  await expect.poll(() => list.getByRole('option').count()).toBeLessThan(60);
  await report.getByLabel('Row number').fill('555');
  await report.getByRole('button', { name: 'Go to row' }).click();
  const row = report.getByRole('region', { name: 'Row 555' });
  await row.getByText('41 tokens, 19 with loss', { exact: false }).waitFor();
  const trained = row.getByLabel('Text of example 1').locator('mark');
  await expect.poll(() => trained.innerText()).toContain('"device":"lamp 555"');
  await expect.poll(() => row.getByLabel('Raw row').innerText()).toContain('Turn on lamp 555');
  await list.focus();
  await page.keyboard.press('End');
  await report.getByRole('region', { name: 'Row 600' }).waitFor();
  await page.keyboard.press('ArrowUp');
  await report.getByRole('region', { name: 'Row 599' }).waitFor();
  const kinds = report.getByLabel('Filter rows');
  await expect
    .poll(() => kinds.locator('option').allInnerTexts())
    .toContain('Rejected: not json, 2');
  await kinds.selectOption('rejected not_json');
  await report.getByRole('region', { name: 'Row 17' }).getByText('Not valid JSON:').waitFor();
  await expect.poll(() => list.getByRole('option').count()).toBe(2);
  expect(callsOf(server, 'datasets.rows')).toContainEqual(
    expect.objectContaining({ filter: 'rejected', reason: 'not_json', id: 'd-broken' }),
  );
  expect(await seriousFindings(page)).toEqual([]);
  await report.getByRole('button', { name: 'Report', exact: true }).click();
  await report.getByRole('button', { name: 'row 61 is 92 % similar to row 60' }).click();
  await report.getByRole('region', { name: 'Row 61' }).waitFor();
});

test('rows longer than max_length: every option shows its cost, and the selected one is applied', async () => {
  const { page, server, complaints } = await openPage({ at: '#/data', height: 1400 });
  await page.getByRole('button', { name: /too_long/ }).click();
  const report = page.getByRole('region', { name: 'Report of too_long.jsonl' });
  await report.getByText('212 of them would lose the whole response', { exact: false }).waitFor();
  const table = report.getByRole('table', { name: 'Rows longer than max_length' });
  const cells = async (name: RegExp): Promise<string> =>
    (await table.getByRole('row', { name }).innerText()).replaceAll(/\s+/g, ' ');
  await expect
    .poll(() => cells(/^Drop them/))
    .toMatch(/ 16,881 1,331 lost about 1,783,713 58 min [\d.]+ GB Tight$/);
  await expect
    .poll(() => cells(/^Truncate to 4,096/))
    .toMatch(/ 18,000 212 lost about 538,121 58 min /);
  await expect
    .poll(() => cells(/^Raise max_length to 5,312/))
    .toMatch(/ 18,212 0 lost 0 1 h 2 min [\d.]+ GB Too large$/);
  // Nothing is selected while the file is refused.
  const act = report.getByRole('button', { name: 'Choose an option' });
  await expect.poll(() => act.isDisabled()).toBe(true);
  expect(await seriousFindings(page)).toEqual([]);
  await table.getByRole('radio', { name: 'Truncate to 4,096' }).check();
  expect(callsOf(server, 'config.set')).toEqual([]);
  await report.getByRole('button', { name: 'Truncate to 4,096, from the next dataset' }).click();
  expect(await called(server, 'config.set')).toEqual({
    key: 'over_length',
    value: 'truncate',
    confirm: null,
    stage: true,
    by: 'you (window)',
  });
  await table.getByRole('row', { name: /Truncate.*staged for the next dataset/ }).waitFor();
  expect(callsOf(server, 'queue.retry')).toEqual([]);
  // Without a dataset in training nothing is locked: the refused file is re-validated at once.
  const { config, status } = server.engine.rooms();
  server.engine.change({
    config: { ...config, locks: {}, staged: {} },
    status: { ...status, current_dataset: null },
  });
  await table.getByRole('radio', { name: 'Drop them' }).check();
  await report.getByRole('button', { name: 'Drop them', exact: true }).click();
  expect(await called(server, 'config.set', 2)).toMatchObject({ value: 'drop', stage: false });
  expect(await called(server, 'queue.retry')).toEqual({ id: 'd-too-long' });
  expect(complaints).toEqual([]);
});

test('raising max_length shows the consequence and asks first', async () => {
  const { page, server } = await openPage({ at: '#/data' });
  await page.getByRole('button', { name: /too_long/ }).click();
  const report = page.getByRole('region', { name: 'Report of too_long.jsonl' });
  await report.getByRole('radio', { name: 'Raise max_length to 5,312' }).check();
  const raise = report.getByRole('button', {
    name: 'Raise max_length to 5,312, from the next dataset',
  });
  await raise.click();
  const dialog = page.getByRole('dialog', { name: 'max_length 5,312' });
  await dialog.getByRole('row', { name: /^4,096, current 1,331 .* GB/ }).waitFor();
  await dialog.getByRole('row', { name: /^5,312 0 .* GB/ }).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  expect(callsOf(server, 'config.set')).toEqual([]);
  await raise.click();
  await dialog.getByRole('button', { name: 'Change from next dataset' }).click();
  expect(await called(server, 'config.set')).toMatchObject({
    key: 'max_length',
    value: 5312,
    confirm: 'max_length',
    stage: true,
  });
  // Staged: the file is re-validated when the change is applied.
  expect(callsOf(server, 'queue.retry')).toEqual([]);
});

test('a template of columns shows three rows as they would be trained, while it is edited', async () => {
  const { page, server } = await openPage({ at: '#/data' });
  await page.getByRole('option', { name: /banking77_train/ }).click();
  const form = dataOf(page).mapping;
  await form.getByLabel('Prompt column').selectOption({ label: 'Several columns…' });
  await form.getByLabel('Prompt template').fill('Classify: {text}');
  await form.getByLabel('System prompt').fill('Name the intent.');
  const rows = form.getByRole('group', { name: 'Rows with this mapping' });
  const first = rows.getByLabel('Row 1 with this mapping');
  await first.getByText('Classify: I am still waiting on my card?').waitFor();
  await first.getByText('Name the intent.').waitFor();
  await expect.poll(() => first.locator('mark').innerText()).toBe('card_arrival<|im_end|>');
  await expect.poll(() => rows.getByLabel(/^Row \d with this mapping/).count()).toBe(3);
  await form.getByRole('button', { name: 'Use this mapping' }).click();
  expect(await called(server, 'datasets.mapColumns')).toEqual({
    id: 'd-banking',
    mapping: {
      format: 'columns',
      prompt: 'Classify: {text}',
      answer: 'category',
      system: 'Name the intent.',
    },
  });
});

test('a column can be used as a raw text', async () => {
  const { page, server } = await openPage({ at: '#/data' });
  await page.getByRole('option', { name: /banking77_train/ }).click();
  const form = dataOf(page).mapping;
  await form.getByLabel('Use as').selectOption('text');
  await form.getByLabel('Text column').selectOption('text');
  await form.getByRole('button', { name: 'Use this mapping' }).click();
  expect(await called(server, 'datasets.mapColumns')).toEqual({
    id: 'd-banking',
    mapping: { format: 'text', column: 'text' },
  });
});

test('think blocks are kept or stripped by one click', async () => {
  const { page, server } = await openPage({ at: '#/data' });
  const { datasets } = server.engine.rooms();
  server.engine.change({
    datasets: datasets.map((dataset) =>
      dataset.id === 'd-broken' ? { ...dataset, decision: 'think_blocks' } : dataset,
    ),
  });
  await page.getByRole('option', { name: /home_requests/ }).click();
  const report = page.getByRole('region', { name: 'Report of home_requests.jsonl' });
  await report.getByRole('button', { name: 'Keep think blocks' }).click();
  expect(await called(server, 'datasets.acceptValidRows')).toEqual({
    id: 'd-broken',
    think_blocks: 'keep',
  });
});

test('a linked row opens even when the number of rows arrives after the rows', async () => {
  const { page } = await openPage({ at: '#/data' });
  await page.routeWebSocket(/.*/, (socket) => {
    const server = socket.connectToServer();
    // The place of the row comes first, then the rows, and last how many there are.
    const delay = (text: string): number => {
      if (text.includes('"from"')) return 500;
      return text.includes('"filter"') && !text.includes('"at"') ? 1000 : 0;
    };
    socket.onMessage((message) => {
      setTimeout(() => {
        server.send(message);
      }, delay(message.toString()));
    });
  });
  await page.reload();
  await live(page);
  await page.getByRole('option', { name: /home_requests/ }).click();
  const report = page.getByRole('region', { name: 'Report of home_requests.jsonl' });
  await report.getByRole('button', { name: 'row 61 is 92 % similar to row 60' }).click();
  const list = report.getByRole('listbox', { name: 'Rows' });
  await list.getByRole('option', { name: '61 queued' }).waitFor();
  await report.getByRole('region', { name: 'Row 61' }).waitFor();
});
