/**
 * `nightshift help`: commands, the guide, and topics generated from the crash table, the settings
 * and the shortcuts. Needs no engine.
 */
import type { Command } from 'commander';
import { findTopics, helpTopics, type GuideBlock, type HelpTopic } from '../contract/index.ts';
import { columns } from './format.ts';
import { bold } from './output/markup.ts';
import type { Run } from './program.ts';
import { exitCode, show } from './session.ts';

/** Up to this many matches are printed in full; more are listed with one line each. */
const MAX_FULL_TOPICS = 3;

export function addHelpCommand(program: Command, run: Run): void {
  program.helpCommand(false);
  program
    .command('help')
    .argument('[topic...]', 'a command, setting or crash category, or words to search for')
    .description(
      'Explain a command, setting, crash category or keyboard shortcut; works without an engine',
    )
    .action((args: readonly string[]) =>
      run((session) => {
        const [name = ''] = args;
        const command = program.commands.find((command) => command.name() === name);
        if (args.length === 0) {
          show(session, helpTopics(), () => `${program.helpInformation()}\n${overview()}`);
          return Promise.resolve(exitCode.ok);
        }
        if (command !== undefined && !session.json) {
          command.outputHelp();
          return Promise.resolve(exitCode.ok);
        }
        const found = topicsFor(args.join(' '));
        show(session, found, () => topicsText(found, args.join(' ')));
        return Promise.resolve(found.length === 0 ? exitCode.failure : exitCode.ok);
      }),
    );
}

/** The topic with exactly this name, otherwise all topics that contain the words. */
function topicsFor(search: string): readonly HelpTopic[] {
  const found = findTopics(search);
  const named = found.filter((topic) => topic.id === search.trim().toLowerCase());
  return named.length > 0 ? named : found;
}

function overview(): string {
  const groups = [...new Set(helpTopics().map((topic) => topic.group))];
  const lines = groups.map((group) => {
    const ids = helpTopics()
      .filter((topic) => topic.group === group)
      .map((topic) => topic.id);
    return columns([[`${group}: ${ids.join(', ')}`]]);
  });
  return `Topics (nightshift help <topic>):\n\n${lines.join('\n')}`;
}

function topicsText(found: readonly HelpTopic[], search: string): string {
  if (found.length === 0)
    return `No topic matches “${search}”. To list all topics: nightshift help`;
  if (found.length <= MAX_FULL_TOPICS) return found.map(fullText).join('\n');
  return `${String(found.length)} topics match “${search}”:\n\n${columns(
    found.map((topic) => ['', topic.id, topic.text]),
  )}`;
}

/** Text is wrapped at the terminal's width, code is not. Ends with a line break. */
function blockText(block: GuideBlock): string {
  if (block.kind === 'text') return columns([['', block.text]]);
  if (block.kind === 'list') return columns(block.items.map((item) => ['', '-', item]));
  const title = block.title === null ? '' : columns([['', `${block.title}:`]]);
  const lines = block.code.split('\n').map((line) => `    ${line}`.trimEnd());
  return `${title}${lines.join('\n')}\n`;
}

const fullText = (topic: HelpTopic): string =>
  [
    `${bold(topic.title)}  (${topic.group})\n`,
    columns([['', topic.text], ...topic.facts.map((fact) => ['', `${fact.name}: ${fact.value}`])]),
    ...topic.blocks.map((block) => `\n${blockText(block)}`),
  ].join('');
