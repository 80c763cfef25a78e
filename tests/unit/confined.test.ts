/** Files that somebody else prepared: links lead no removal or append out, and nothing waits for a pipe. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { branchName, folderName, isInnerLink, relativePath } from '../../src-main/formats/names.ts';
import {
  appendLine,
  lastLines,
  openAppendSync,
  readJson,
  readJsonLines,
  readSealed,
  removeInside,
  renameInside,
  sha256File,
  Tail,
  writeJson,
} from '../../src-main/kit/index.ts';
import { readOrMakeToken } from '../../src-main/server/token.ts';

let root: string;
const at = (...parts: string[]): string => path.join(root, ...parts);
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-confined-'));
  mkdirSync(at('inside', 'part'), { recursive: true });
  mkdirSync(at('outside', 'part'), { recursive: true });
  writeFileSync(at('outside', 'part', 'mine'), 'mine');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('removing', () => {
  test('a link in place of the parent leads nowhere', async () => {
    symlinkSync(at('outside'), at('inside', 'link'));
    await expect(removeInside(at('inside'), at('inside', 'link', 'part'))).rejects.toMatchObject({
      code: 'EOUTSIDE',
    });
    await expect(
      renameInside(at('inside'), at('inside', 'link', 'part'), at('inside', 'taken')),
    ).rejects.toMatchObject({ code: 'EOUTSIDE' });
    await expect(removeInside(at('inside'), at('inside', '..'))).rejects.toThrow();
    expect(readFileSync(at('outside', 'part', 'mine'), 'utf8')).toBe('mine');
  });

  test('a link is removed itself, and links in a folder are not followed', async () => {
    symlinkSync(at('outside'), at('inside', 'link'));
    symlinkSync(at('outside'), at('inside', 'part', 'link'));
    await removeInside(at('inside'), at('inside', 'link'));
    await removeInside(at('inside'), at('inside', 'part'));
    await removeInside(at('inside'), at('inside', 'none', 'at', 'all'));
    expect(existsSync(at('inside', 'part'))).toBe(false);
    expect(readFileSync(at('outside', 'part', 'mine'), 'utf8')).toBe('mine');
  });

  test('a folder that is itself reached through a link is confined to where it leads', async () => {
    symlinkSync(at('outside'), at('disk'));
    await removeInside(at('disk'), at('disk', 'part'));
    expect(existsSync(at('outside', 'part'))).toBe(false);
  });
});

describe.skipIf(process.platform === 'win32')('pipes, devices and links in place of files', () => {
  /** Each would wait for ever, or never end. */
  const readers: readonly (readonly [string, (file: string) => Promise<unknown>])[] = [
    ['readJson', readJson],
    ['readSealed', readSealed],
    ['readJsonLines', readJsonLines],
    ['lastLines', lastLines],
    ['sha256File', sha256File],
    ['Tail', (file) => new Tail(file).read()],
    ['appendLine', (file) => appendLine(file, {})],
    ['openAppendSync', (file) => Promise.resolve().then(() => openAppendSync(file))],
  ];
  test.each(readers)('%s', async (_name, read) => {
    execFileSync('mkfifo', [at('pipe')]);
    const settled = (file: string): Promise<string> =>
      Promise.race([
        read(file).then(
          () => 'read',
          () => 'refused',
        ),
        new Promise<string>((resolve) => setTimeout(resolve, 5000, 'waits')),
      ]);
    expect(await settled(at('pipe'))).not.toBe('waits');
    expect(await settled('/dev/zero')).not.toBe('waits');
  });

  test('an append follows no link', async () => {
    symlinkSync(at('outside', 'part', 'mine'), at('inside', 'log'));
    await expect(appendLine(at('inside', 'log'), {})).rejects.toMatchObject({ code: 'ELOOP' });
    expect(() => openAppendSync(at('inside', 'log'))).toThrow();
    expect(readFileSync(at('outside', 'part', 'mine'), 'utf8')).toBe('mine');
  });

  test('a file that is written is readable by this account only', async () => {
    await writeJson(at('a.json'), {});
    await appendLine(at('a.jsonl'), {});
    for (const name of ['a.json', 'a.jsonl']) expect(statSync(at(name)).mode & 0o077).toBe(0);
  });

  test('a folder in place of a file is kept beside it', async () => {
    mkdirSync(at('inside', 'a.json'));
    writeFileSync(at('inside', 'a.json', 'mine'), 'mine');
    await writeJson(at('inside', 'a.json'), { a: 1 });
    expect(await readJson(at('inside', 'a.json'))).toEqual({ a: 1 });
    const [kept = ''] = execFileSync('ls', [at('inside')], { encoding: 'utf8' })
      .split('\n')
      .filter((name) => name.startsWith('a.json.damaged-'));
    expect(readFileSync(at('inside', kept, 'mine'), 'utf8')).toBe('mine');
  });
});

describe('names out of files', () => {
  test.each(['..', '.', '', '../main', 'a/b', '/etc', 'a\\b', 'a\0', 'main/..'])('%j', (name) => {
    expect(branchName('').safeParse(name).success).toBe(false);
    expect(folderName('').safeParse(name).success).toBe(false);
  });
  test.each(['../x', '/x', 'a/../x', 'a//x', './x', 'x/', ''])('the path %j', (name) => {
    expect(relativePath.safeParse(name).success).toBe(false);
  });
  test('what the product writes', () => {
    for (const name of ['main', 'branch-2', 'branch-41'])
      expect(branchName('').safeParse(name).success).toBe(true);
    for (const name of ['branch-0', 'branch-', 'other', 'main2'])
      expect(branchName('').safeParse(name).success).toBe(false);
    for (const name of [
      'd-20260101-120000-1a2b',
      '.preview-1a',
      'starter',
      'p-k3-0a1b2c3d4e5f6071',
    ])
      expect(folderName('').safeParse(name).success).toBe(true);
    for (const name of ['model/config.json', 'a b/ü', '..a', '.hidden/x'])
      expect(relativePath.safeParse(name).success).toBe(true);
  });
  test.each([
    ['a/link', '../b', true],
    ['link', '.', true],
    ['link', '../b', false],
    ['a/link', '../../b', false],
    ['link', '/etc', false],
    ['link', 'C:\\x', false],
  ])('a link %s to %s', (name, target, isInner) => {
    expect(isInnerLink(name, target)).toBe(isInner);
  });
});

describe.skipIf(process.platform === 'win32')('a token that was planted is made anew', () => {
  const token = 'x'.repeat(43);
  const file = (): string => at('inside', '.engine.token');
  const plant = (mode = 0o600): void => {
    writeFileSync(file(), `${token}\n`, { mode });
  };
  const expectNew = async (): Promise<void> => {
    const made = await readOrMakeToken(file());
    expect(made).not.toBe(token);
    expect(readFileSync(file(), 'utf8').trim()).toBe(made);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    // And stays, once it is of this workspace.
    expect(await readOrMakeToken(file())).toBe(made);
  };

  test('a private one of this account that came with the folder', async () => {
    plant();
    await expectNew();
  });
  test('one that others can read', async () => {
    await readOrMakeToken(file());
    execFileSync('chmod', ['644', file()]);
    const before = readFileSync(file(), 'utf8').trim();
    expect(await readOrMakeToken(file())).not.toBe(before);
  });
  test('a link, a second name, a pipe', async () => {
    plant();
    const origin = `${file()}.origin`;
    writeFileSync(origin, String(statSync(file()).ino));
    linkSync(file(), at('outside', 'second'));
    await expectNew();
    rmSync(file());
    symlinkSync(at('outside', 'second'), file());
    await expectNew();
    expect(readFileSync(at('outside', 'second'), 'utf8').trim()).toBe(token);
    rmSync(file());
    execFileSync('mkfifo', [file()]);
    await expectNew();
  });
});
