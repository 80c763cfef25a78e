/**
 * Help topics: the guide, and those generated from the crash table, the configuration schema and
 * the shortcuts, for the Help screen and for `nightshift help <topic>`. Pure.
 */
import { describeKeys } from './config.ts';
import { crashTable, type Crash } from './crashes.ts';
import { GLOSSARY } from './glossary.ts';
import { GUIDE, type GuideBlock } from './guide/index.ts';
import { keysText, shortcuts, type Shortcut } from './shortcuts.ts';

export interface HelpTopic {
  /** Such as `batch_size`, `gpu_lost` or `keys-queue`. */
  readonly id: string;
  readonly group: 'Guide' | 'Crashes' | 'Settings' | 'Keys' | 'Glossary';
  readonly title: string;
  readonly text: string;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  /** Of the guide; the text is their summary. */
  readonly blocks: readonly GuideBlock[];
}

const recoveryTexts: Readonly<Record<Crash['retry'], string>> = {
  restart: 'Training restarts immediately from the newest valid checkpoint.',
  wait: 'Retries automatically once fixed; the dataset stays queued.',
  dataset:
    'Not retried with the same rows: the rows are quarantined first; if it happens again, the dataset fails.',
};

const lockTexts = {
  pass: 'Locked while a dataset is training; a change can be staged for the next dataset.',
  memory: 'Applies immediately, also to the dataset that is training.',
  free: 'Applies immediately.',
} as const;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const crashTopics = (): readonly HelpTopic[] =>
  [...crashTable.values()].map((crash) => ({
    id: crash.category,
    group: 'Crashes',
    title: crash.category,
    text: `${capital(crash.meaning)}. ${crash.suggestion}`,
    facts: [{ name: 'Recovery', value: recoveryTexts[crash.retry] }],
    blocks: [],
  }));

const settingTopics = (): readonly HelpTopic[] =>
  describeKeys().map((setting) => ({
    id: setting.key,
    group: 'Settings',
    title: setting.key,
    text: setting.help,
    facts: [
      { name: 'Section', value: setting.group },
      { name: 'Default', value: defaultText(setting.factory, setting.unit) },
      { name: 'Changes', value: lockTexts[setting.lock] },
      ...(setting.consent === null
        ? []
        : [{ name: 'Requires confirmation', value: setting.consent }]),
    ],
    blocks: [],
  }));

function defaultText(value: unknown, unit: string | null): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === '' ? '(empty)' : unit === null ? text : `${text} ${unit}`;
}

const shortcutTexts: Readonly<Record<Shortcut['group'], string>> = {
  Everywhere: 'Shortcuts that work on every screen.',
  Screens: 'Shortcuts that open a screen.',
  Lists: 'Shortcuts while a list has focus.',
  Queue: 'Shortcuts while a dataset in the queue has focus, and mouse gestures on it.',
  Charts: 'Shortcuts while a chart has focus, and mouse gestures on it.',
};

const shortcutTopics = (): readonly HelpTopic[] =>
  [...new Set(shortcuts.map((shortcut) => shortcut.group))].map((group) => ({
    id: `keys-${group.toLowerCase()}`,
    group: 'Keys',
    title: group,
    text: shortcutTexts[group],
    facts: shortcuts
      .filter((shortcut) => shortcut.group === group)
      .map((shortcut) => ({
        name: shortcut.text,
        value: shortcut.keys.map((keys) => keysText(keys)).join(' or '),
      })),
    blocks: [],
  }));

const glossaryTopics = (): readonly HelpTopic[] =>
  GLOSSARY.map(({ term, meaning }) => ({
    id: term.replaceAll(' ', '_'),
    group: 'Glossary',
    title: term,
    text: meaning,
    facts: [],
    blocks: [],
  }));

const guideTopics = (): readonly HelpTopic[] =>
  GUIDE.map(({ id, title, summary, blocks }) => ({
    id,
    group: 'Guide',
    title,
    text: summary,
    facts: [],
    blocks,
  }));

/** All topics, sorted by group. */
export function helpTopics(): readonly HelpTopic[] {
  return [
    ...guideTopics(),
    ...crashTopics(),
    ...settingTopics(),
    ...shortcutTopics(),
    ...glossaryTopics(),
  ];
}

/** The words of a block; the items of a list are lines. */
function blockText(block: GuideBlock): string {
  if (block.kind === 'text') return block.text;
  if (block.kind === 'list') return block.items.join('\n');
  return [block.title ?? '', block.code].join('\n');
}

const searchText = (topic: HelpTopic): string =>
  [
    topic.id,
    topic.title,
    topic.group,
    topic.text,
    ...topic.facts.flatMap((fact) => [fact.name, fact.value]),
    ...topic.blocks.map(blockText),
  ]
    .join('\n')
    .toLowerCase();

/**
 * The topics that contain every word of `search`, those whose id starts with it first. An empty
 * search finds all topics.
 */
export function findTopics(search: string): readonly HelpTopic[] {
  const query = search.trim().toLowerCase();
  const words = query.split(/\s+/);
  const found = helpTopics().filter((topic) =>
    words.every((word) => searchText(topic).includes(word)),
  );
  const isNamed = (topic: HelpTopic): boolean => topic.id.startsWith(query.replaceAll(' ', '_'));
  return query === ''
    ? found
    : [...found.filter(isNamed), ...found.filter((topic) => !isNamed(topic))];
}
