/** Help has one source: everything in the crash table, the schema and the table of keys can be found. */
import { expect, test } from 'vitest';
import {
  crashTable,
  describeKeys,
  findTopics,
  helpTopics,
  keysText,
  screen,
  screenTable,
  shortcuts,
} from '../../src-main/contract/index.ts';

test('every crash, setting and key is a topic, by its own name', () => {
  const ids = helpTopics().map((helpTopic) => helpTopic.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const category of crashTable.keys()) expect(ids).toContain(category);
  for (const { key } of describeKeys()) expect(ids).toContain(key);
  const values = helpTopics().flatMap((helpTopic) => helpTopic.facts.map((fact) => fact.name));
  for (const shortcut of shortcuts) expect(values).toContain(shortcut.text);
});

test('a search wants every word, and a name comes first', () => {
  expect(findTopics('batch_size')[0]?.id).toBe('batch_size');
  expect(findTopics('gpu lost')[0]?.id).toBe('gpu_lost');
  expect(findTopics('GPU  memory out').map((topic) => topic.id)).toContain('gpu_out_of_memory');
  expect(findTopics('xyzzy')).toEqual([]);
  expect(findTopics('  ').length).toBe(helpTopics().length);
});

test('keys are written as they are pressed', () => {
  expect(keysText('CmdOrCtrl+Shift+P')).toBe('Ctrl Shift P');
  expect(keysText('CmdOrCtrl+K', true)).toBe('Cmd K');
  expect(keysText('G D')).toBe('G then D');
  expect(keysText('+')).toBe('+');
  expect(keysText('CmdOrCtrl+Plus')).toBe('Ctrl +');
});

test('every screen has a letter of its own, and no key does two things', () => {
  expect(screenTable.map((screen) => screen.id)).toEqual([...screen.options]);
  const singleKeyShortcuts = screenTable.map((screen) => screen.letter);
  expect(new Set(singleKeyShortcuts).size).toBe(singleKeyShortcuts.length);
  const everywhere = shortcuts
    .filter((shortcut) => shortcut.group === 'Everywhere' || shortcut.group === 'Screens')
    .flatMap((shortcut) => shortcut.keys);
  expect(new Set(everywhere).size).toBe(everywhere.length);
});
