/** Every crash category, setting and shortcut has a help topic that can be found. */
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

test('every crash category, setting and shortcut has a topic', () => {
  const ids = helpTopics().map((topic) => topic.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const category of crashTable.keys()) expect(ids).toContain(category);
  for (const { key } of describeKeys()) expect(ids).toContain(key);
  const values = helpTopics().flatMap((topic) => topic.facts.map((fact) => fact.name));
  for (const shortcut of shortcuts) expect(values).toContain(shortcut.text);
});

test('a search finds topics with every word; topics whose id matches come first', () => {
  expect(findTopics('batch_size')[0]?.id).toBe('batch_size');
  expect(findTopics('gpu lost')[0]?.id).toBe('gpu_lost');
  expect(findTopics('GPU  memory out').map((topic) => topic.id)).toContain('gpu_out_of_memory');
  expect(findTopics('xyzzy')).toEqual([]);
  expect(findTopics('  ').length).toBe(helpTopics().length);
});

test('formats keys for display', () => {
  expect(keysText('CmdOrCtrl+Shift+P')).toBe('Ctrl Shift P');
  expect(keysText('CmdOrCtrl+K', true)).toBe('Cmd K');
  expect(keysText('G D')).toBe('G then D');
  expect(keysText('+')).toBe('+');
  expect(keysText('CmdOrCtrl+Plus')).toBe('Ctrl +');
});

test('every screen has its own letter, and no shortcut is assigned twice', () => {
  expect(screenTable.map((screen) => screen.id)).toEqual([...screen.options]);
  const screenLetters = screenTable.map((screen) => screen.letter);
  expect(new Set(screenLetters).size).toBe(screenLetters.length);
  const everywhere = shortcuts
    .filter((shortcut) => shortcut.group === 'Everywhere' || shortcut.group === 'Screens')
    .flatMap((shortcut) => shortcut.keys);
  expect(new Set(everywhere).size).toBe(everywhere.length);
});
