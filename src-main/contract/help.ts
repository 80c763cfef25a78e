/**
 * Help, made from what the program itself works with: the crash table, the configuration's schema and the keys. One source
 * for the screen and for `nightshift help <topic>`. Pure.
 */
import { describeKeys } from './config.ts';
import { crashTable, type Crash } from './crashes.ts';
import { GLOSSARY } from './glossary.ts';
import { keysText, shortcuts } from './shortcuts.ts';

export interface HelpTopic {
  /** What it is asked for by: `batch_size`, `gpu_lost`, `keys-queue`. */
  readonly id: string;
  readonly group: 'Crashes' | 'Settings' | 'Keys' | 'Glossary';
  readonly title: string;
  readonly text: string;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
}

const retryWords: Readonly<Record<Crash['retry'], string>> = {
  restart: 'restarted at once from the newest checkpoint that verifies',
  wait: 'waits until the machine is ready, then goes on by itself; the dataset is not to blame',
  dataset: 'not tried again with the same rows; the rows, then the dataset, are set aside',
};

const lockWords = {
  pass: 'frozen while a dataset is being trained; a change is kept for the next one',
  memory: 'changes at once, also for the dataset that is being trained',
  free: 'changes at once',
} as const;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const crashTopics = (): readonly HelpTopic[] =>
  [...crashTable.values()].map((crash) => ({
    id: crash.category,
    group: 'Crashes',
    title: crash.category,
    text: `${capital(crash.meaning)}. ${crash.suggestion}`,
    facts: [{ name: 'What happens', value: retryWords[crash.retry] }],
  }));

const settingTopics = (): readonly HelpTopic[] =>
  describeKeys().map((describeKey) => ({
    id: describeKey.key,
    group: 'Settings',
    title: describeKey.key,
    text: describeKey.help,
    facts: [
      { name: 'Section', value: describeKey.group },
      { name: 'Default', value: defaultText(describeKey.factory, describeKey.unit) },
      { name: 'When it may change', value: lockWords[describeKey.lock] },
      ...(describeKey.consent === null
        ? []
        : [{ name: 'Asks before', value: describeKey.consent }]),
    ],
  }));

function defaultText(value: unknown, unit: string | null): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === '' ? 'empty' : unit === null ? text : `${text} ${unit}`;
}

const keyTopics = (): readonly HelpTopic[] =>
  [...new Set(shortcuts.map((shortcut) => shortcut.group))].map((group) => ({
    id: `keys-${group.toLowerCase()}`,
    group: 'Keys',
    title: group,
    text:
      group === 'Lists' || group === 'Queue' || group === 'Charts'
        ? `Keys that act on the focused part: ${group.toLowerCase()}.`
        : `Keys of the window: ${group.toLowerCase()}.`,
    facts: shortcuts
      .filter((shortcut) => shortcut.group === group)
      .map((shortcut) => ({
        name: shortcut.text,
        value: shortcut.keys.map((keys) => keysText(keys)).join(' or '),
      })),
  }));

const glossaryTopics = (): readonly HelpTopic[] =>
  GLOSSARY.map(({ term, meaning }) => ({
    id: term.replaceAll(' ', '_'),
    group: 'Glossary',
    title: term,
    text: meaning,
    facts: [],
  }));

/** Every topic, in the order of the groups. */
export function helpTopics(): readonly HelpTopic[] {
  return [...crashTopics(), ...settingTopics(), ...keyTopics(), ...glossaryTopics()];
}

const wordsOf = (topic: HelpTopic): string =>
  [topic.id, topic.title, topic.group, topic.text, ...topic.facts.flatMap((f) => [f.name, f.value])]
    .join('\n')
    .toLowerCase();

/** The topics that hold every word of `search`; those whose name begins with it come first. All of them for an empty search. */
export function findTopics(search: string): readonly HelpTopic[] {
  const asked = search.trim().toLowerCase();
  const words = asked.split(/\s+/);
  const found = helpTopics().filter((topic) =>
    words.every((word) => wordsOf(topic).includes(word)),
  );
  const isNamed = (topic: HelpTopic): boolean => topic.id.startsWith(asked.replaceAll(' ', '_'));
  return asked === ''
    ? found
    : [...found.filter(isNamed), ...found.filter((topic) => !isNamed(topic))];
}
