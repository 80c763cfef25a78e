/** Formats of src-main/formats: round trips, old names, newer formats, damaged files. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { factoryConfig } from '../../src-main/contract/index.ts';
import {
  checkpointManifest,
  checkpointName,
  checkpointStep,
  commandName,
  configToJson,
  EVENT_TYPES,
  eventsFile,
  type FileFormat,
  lastGoodOf,
  ledgerFile,
  lineageFile,
  metaFile,
  metricsLine,
  nextBranchName,
  nextCommandSeq,
  parseLedgerLine,
  parseMetricsPoint,
  readConfigText,
  readWithFallback,
  rebuildLineage,
  rebuildMeta,
  renameFields,
  reportFile,
  runId,
  versionOrigin,
  writeWithLastGood,
} from '../../src-main/formats/index.ts';
import { type FormatName, formatList, formats } from '../../src-main/formats/registry.ts';
import { examples } from './formats-examples.ts';

const document = (name: FormatName): FileFormat<unknown> => {
  const format = formats[name] as unknown as FileFormat<unknown>;
  expect(format.kind).toBe('document');
  return format;
};
const value = (name: FormatName, raw: unknown): unknown => {
  const reading = document(name).parse(raw);
  if (!reading.ok) throw new Error(reading.problem);
  return reading.value;
};

describe('every format', () => {
  test.each(formatList)('%s: what is written is read back the same', (name, format) => {
    const example = examples[name];
    const text = JSON.stringify(
      format.kind === 'document' ? format.toJson(example as never) : example,
    );
    if (format.kind === 'lines') expect(format.parseLine(text)).toEqual(example);
    else if (name === 'training-status')
      expect(format.parseText(text)).toMatchObject({ ok: true, value: example });
    else expect(format.parseText(text)).toEqual({ ok: true, value: example });
  });

  test.each(formatList)('%s: a newer format is refused by name and number', (name, format) => {
    if (format.kind !== 'document') return;
    const reading = format.parse({ ...examples[name], format: 2 }, `/w/${format.name}`);
    expect(reading).toMatchObject({ ok: false, reason: 'newer_format' });
    const { problem } = reading as { problem: string };
    expect(problem).toContain(`/w/${format.name} has format 2`);
    expect(problem).toContain('reads format 1');
  });

  test.each(formatList)('%s: damage is a sentence and no exception', (name, format) => {
    const text = JSON.stringify(examples[name]);
    const damaged = ['', ' \n', text.slice(0, -3), '\0\0\0', 'null', '[]', '7', '{}'];
    for (const content of damaged) {
      // A document whose fields all have a default is complete when it is empty.
      if (content === '{}' && ['split', 'rejected'].includes(name)) continue;
      if (format.kind === 'lines') expect(format.parseLine(content)).toBeNull();
      else {
        const reading = format.parseText(content);
        expect(reading.ok, content).toBe(false);
        expect((reading as { problem: string }).problem).toContain(format.name);
      }
    }
  });
});

test('unknown fields of a file that is rewritten are kept', () => {
  const later = { ...examples.pass, added_later: { a: 1 } };
  expect(document('pass').toJson(value('pass', later) as never)).toEqual(later);
});

describe('names of earlier versions are read', () => {
  const old = (
    name: FormatName,
    names: Readonly<Record<string, string>>,
    more: Record<string, unknown> = {},
  ): unknown => ({ ...(renameFields(examples[name], names) as object), ...more });
  const cursor = renameFields((examples['checkpoint-manifest'] as { cursor: object }).cursor, {
    excluded_rows: 'left_out',
  });

  test.each<[FormatName, unknown]>([
    ['pass', old('pass', { excluded_rows: 'left_out' })],
    ['cursor', old('cursor', { excluded_rows: 'left_out' })],
    ['checkpoint-manifest', { ...examples['checkpoint-manifest'], cursor }],
    [
      'version-manifest',
      {
        ...examples['version-manifest'],
        checkpoint: { ...(examples['version-manifest']['checkpoint'] as object), cursor },
      },
    ],
    ['queue', old('queue', { desired_state: 'latch' })],
    ['base', old('base', { license: 'licence' })],
    ['core', old('core', { normalized_hashes: 'normalised_hashes' })],
    [
      'restore-intent',
      old(
        'restore-intent',
        { phase: 'act', optimizer_state: 'moments' },
        {
          moments: 'kept',
          aftermath: JSON.parse(
            JSON.stringify(examples['restore-intent']['aftermath']).replace(
              'excluded_rows',
              'left_out',
            ),
          ) as unknown,
        },
      ),
    ],
    [
      'meta',
      old(
        'meta',
        { accept_valid_rows: 'accept_good_rows', validated: 'judged' },
        {
          judged: {
            ...(examples.meta['validated'] as object),
            verdict: 'decide',
            decision: 'accept_good_rows',
          },
        },
      ),
    ],
    [
      'report',
      {
        ...examples.report,
        verdict: 'decide',
        decision: 'accept_good_rows',
        near_duplicates: { rows: 1, compared: 8, first: [{ row: 4, of: 2, share: 0.9 }] },
        samples: [{ row: 1, pieces: [{ text: 'q', trained: false }] }],
      },
    ],
    [
      'spec-train',
      {
        ...examples['spec-train'],
        saving: 'inline',
        dataset: renameFields(examples['spec-train']['dataset'], { excluded_rows: 'left_out' }),
      },
    ],
  ] as [FormatName, unknown][])('%s', (name, raw) => {
    expect(value(name, raw)).toEqual(examples[name]);
  });

  test('lines: ledger and events', () => {
    const ledger = renameFields(examples.ledger, { batch_hash: 'fed' });
    expect(ledgerFile.parse(ledger)).toEqual(examples.ledger);
    const memory = renameFields(examples.event, {
      activation_checkpointing: 'recomputes',
      loss_chunk: 'chunk',
    });
    expect(eventsFile.parse(memory)).toEqual(examples.event);
    const failed = { t: 1, step: 2, what: 'preview', category: 'c', error: 'e', message: 'm' };
    expect(eventsFile.parse({ ...failed, type: 'look_failed' })?.type).toBe('evaluation_failed');
  });

  test('old outcomes of an exit, and a lineage from before branches', () => {
    expect(value('exit', { outcome: 'cancelled' })).toMatchObject({ outcome: 'canceled' });
    const { branches: _branches, ...before } = examples.lineage;
    expect(value('lineage', before)).toMatchObject({
      branches: [{ name: 'main', parent: null, left: null, opened: 0 }],
    });
  });

  test('how a version came about', () => {
    expect(versionOrigin('by hand')).toBe('manually');
    expect(versionOrigin('by itself, daily')).toBe('automatically, daily');
    expect(versionOrigin('after a dataset')).toBe('after a dataset');
  });
});

test('notices of a kind that is not known are left out, the others are read', () => {
  const [known] = examples.notices['notices'] as object[];
  expect(value('notices', { notices: [{ ...known, kind: 'new' }, known, 7] })).toMatchObject({
    notices: [known],
  });
});

describe('the readers without a schema agree with it', () => {
  test('metrics', () => {
    const line = JSON.stringify(examples.metrics);
    expect(metricsLine.parseLine(line)).toMatchObject(parseMetricsPoint(line) ?? { no: 'point' });
    expect(parseMetricsPoint(JSON.stringify({ ...examples.metrics, loss: null }))).toBeNull();
    expect(parseMetricsPoint(line.slice(0, -4))).toBeNull();
  });
  test('ledger', () => {
    expect(parseLedgerLine(JSON.stringify(examples.ledger))).toEqual({
      ...{ kind: 'step', branch: 'main', step: 7, rows: [1, 1, 2], isRefused: true },
    });
    const lost = { lost_after: 3, branch: 'main', run: 'r', t: 1 };
    expect(parseLedgerLine(JSON.stringify(lost))).toEqual({
      ...{ kind: 'lost', branch: 'main', after: 3 },
    });
    expect(ledgerFile.parse(lost)).toEqual(lost);
    expect(parseLedgerLine('{"step": 3}')).toBeNull();
  });
});

test('an event has one type, and an unknown one is passed over', () => {
  expect(new Set(EVENT_TYPES).size).toBe(EVENT_TYPES.length);
  expect(EVENT_TYPES).not.toContain('phase');
  expect(eventsFile.parseLine('{"t": 1, "type": "from_a_later_version"}')).toBeNull();
});

test('names of files and folders', () => {
  expect(commandName(7, 'stop-now')).toBe('000007-stop-now.json');
  expect(nextCommandSeq(['000003-pause.json', 'junk', '.000009-x.tmp'])).toBe(4);
  expect(checkpointStep(checkpointName(12))).toBe(12);
  expect(checkpointStep('.step-00000012.7.partial')).toBeNull();
  expect(runId('train', 0, 'ab12')).toBe('19700101-000000-train-ab12');
});

describe('config.json', () => {
  test('differences round trip, dotted or nested', () => {
    const text = JSON.stringify(configToJson({ 'watchdog.restart_limit': 5, seed: 42 }));
    expect(JSON.parse(text)).toEqual({ format: 1, watchdog: { restart_limit: 5 } });
    for (const content of [text, '{"watchdog.restart_limit": 5}'])
      expect(readConfigText(content)).toMatchObject({
        ok: true,
        value: { differences: { 'watchdog.restart_limit': 5 } },
      });
    expect(readConfigText('{}')).toMatchObject({ ok: true, value: { values: factoryConfig } });
  });
  test.each([
    ['{"seed": 7,', 'not_json', 'not valid JSON'],
    ['', 'not_json', 'empty'],
    ['{"format": 2, "seed": 9}', 'newer_format', 'newer version'],
    ['{"sed": 9}', 'invalid', 'Unknown setting sed'],
    ['{"seed": -1}', 'invalid', 'seed'],
    ['[]', 'invalid', 'not an object'],
  ])('%s is refused', (content, reason, part) => {
    const reading = readConfigText(content);
    expect(reading).toMatchObject({ ok: false, reason });
    expect((reading as { problem: string }).problem).toContain(part);
  });
});

describe('a damaged file', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'nightshift-formats-'));
    file = path.join(folder, 'lineage.json');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const example = examples.lineage;
  const read = (rebuild?: () => typeof example | null) =>
    readWithFallback<unknown>({
      ...{ file, format: document('lineage'), lastGood: lastGoodOf(file) },
      ...(rebuild === undefined ? {} : { rebuild }),
    });
  const damages: readonly (readonly [string, (text: string) => string])[] = [
    ['cut', (text) => text.slice(0, text.length >> 1)],
    ['empty', () => ''],
    ['garbage', () => '\0\0garbage'],
    ['of a wrong type', (text) => text.replace('"head": 7', '"head": "seven"')],
  ];

  test.each(damages)('%s falls back to its last good copy', async (_name, damage) => {
    await writeWithLastGood(file, example);
    expect(await read()).toEqual({
      ...{ value: example, recovered: null, problem: null, isNewer: false },
    });
    writeFileSync(file, damage(readFileSync(file, 'utf8')));
    const { value: found, recovered, problem } = await read();
    expect({ found, recovered }).toEqual({ found: example, recovered: 'from last good copy' });
    expect(problem).toContain(file);
  });

  test.each(damages)('%s, and its copy as well, is rebuilt', async (_name, damage) => {
    await writeWithLastGood(file, example);
    const text = damage(readFileSync(file, 'utf8'));
    writeFileSync(file, text);
    writeFileSync(lastGoodOf(file), text);
    expect(await read(() => example)).toMatchObject({ value: example, recovered: 'rebuilt' });
    expect(await read()).toMatchObject({ value: null, recovered: null, isNewer: false });
  });

  test('a newer format is neither replaced nor rebuilt', async () => {
    await writeWithLastGood(file, example);
    writeFileSync(file, JSON.stringify({ ...example, format: 2 }));
    expect(await read(() => example)).toMatchObject({
      value: null,
      recovered: null,
      isNewer: true,
    });
  });

  test('a missing file is absent, or rebuilt, and never brought back from the copy', async () => {
    expect(await read()).toEqual({
      ...{ value: null, recovered: null, problem: null, isNewer: false },
    });
    await writeWithLastGood(file, example);
    rmSync(file);
    expect(await read()).toMatchObject({ value: null, problem: null });
    expect(await read(() => null)).toMatchObject({ value: null, problem: null });
    expect(await read(() => example)).toMatchObject({ recovered: 'rebuilt' });
  });

  test('the copy shares no block with the file, and holds the same state', async () => {
    await writeWithLastGood(file, { ...example, head: 1 });
    await writeWithLastGood(file, example);
    expect(JSON.parse(readFileSync(lastGoodOf(file), 'utf8'))).toEqual(example);
    expect(statSync(lastGoodOf(file)).ino).not.toBe(statSync(file).ino);
  });

  test('a disk error is no damage', async () => {
    const file = path.join(folder, 'a-file');
    writeFileSync(file, '');
    await expect(
      readWithFallback({
        file: path.join(file, 'lineage.json'),
        format: lineageFile,
        rebuild: () => null,
      }),
    ).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

describe('the lineage is rebuilt from the checkpoints', () => {
  const base = { id: 'starter', hash: 'b1' };
  const at = (branch: string, step: number, created: number, parent: unknown = null) => {
    const reading = checkpointManifest.parse({
      ...{ step, branch, created, parent, base, cursor: null, files: {} },
    });
    if (!reading.ok) throw new Error(reading.problem);
    return reading.value;
  };
  const rebuild = (manifests: Parameters<typeof rebuildLineage>[0]) => rebuildLineage(manifests);

  test('none without checkpoints', () => {
    expect(rebuild([])).toBeNull();
  });

  test('one branch', () => {
    expect(rebuild([at('main', 20, 200), at('main', 10, 100)])).toMatchObject({
      ...{ format: 1, branch: 'main', head: 20, method: 'full' },
      base,
      branches: [{ name: 'main', parent: null, left: null, opened: 100 }],
    });
  });

  test('a restored branch is the head, with its parent and where the model was', () => {
    const lineage = rebuild([
      at('main', 10, 100),
      at('main', 20, 200),
      at('branch-2', 10, 300, { branch: 'main', step: 10 }),
      at('branch-2', 15, 350),
    ]);
    expect(lineage).toMatchObject({ branch: 'branch-2', head: 15 });
    expect(lineage?.branches).toMatchObject([
      { name: 'main', parent: null, left: null },
      {
        ...{ name: 'branch-2', opened: 300 },
        parent: { branch: 'main', step: 10 },
        left: { branch: 'main', step: 20 },
      },
    ]);
    expect(lineage === null ? '' : nextBranchName(lineage, ['branch-4'])).toBe('branch-5');
  });

  test('a branch without checkpoints stays the parent of the ones that left it', () => {
    const lineage = rebuild([at('branch-3', 10, 300, { branch: 'branch-2', step: 10 })]);
    expect(lineage?.branches.map((branch) => branch.name)).toEqual(['branch-2', 'branch-3']);
    expect(lineageFile.parse(JSON.parse(JSON.stringify(lineage))).ok).toBe(true);
  });
});

test('meta.json is rebuilt with the numbers of the report and an empty key', () => {
  const facts = { id: 'd-1', name: 'a.jsonl', priority: null, position: 3, t: 9 };
  const meta = rebuildMeta({ ...facts, place: 'completed', report: examples.report });
  expect(meta.validated).toMatchObject({ key: '', rows: 9, accepted: 8, rejected: 1, held_out: 2 });
  expect(metaFile.parse(metaFile.toJson(meta)).ok).toBe(true);
  expect(rebuildMeta({ ...facts, place: 'queue', report: { broken: true } }).validated).toBeNull();
  expect(reportFile.parse(examples.report).ok).toBe(true);
});
