/** Every crash category, setting and shortcut has a help topic that can be found. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** What the code of the gesture has to contain, so that the list names no gesture that is gone. */
const GESTURES: readonly (readonly [string, string, RegExp])[] = [
  ['Drag', 'src-renderer/kit/chart/pan-zoom.ts', /drag: \{ enabled: true/],
  ['Shift+Drag', 'src-renderer/kit/chart/pan-zoom.ts', /pan: \{[^}]*modifierKey: 'shift'/],
  ['Ctrl+Wheel', 'src-renderer/kit/chart/pan-zoom.ts', /wheel: \{[^}]*modifierKey: 'ctrl'/],
  ['Double-click', 'src-renderer/rooms/dashboard/use-pan-zoom.ts', /onDoubleClick/],
];

test('every mouse gesture of a chart is in the list and in the code', () => {
  const listed = shortcuts.filter(({ group }) => group === 'Charts').flatMap(({ keys }) => keys);
  for (const [keys, path, code] of GESTURES) {
    expect(listed).toContain(keys);
    expect(readFileSync(join(import.meta.dirname, '../..', path), 'utf8')).toMatch(code);
  }
  const charts = findTopics('shift drag').find((topic) => topic.id === 'keys-charts');
  expect(charts?.facts).toContainEqual({ name: 'Pan', value: 'Shift Drag' });
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
