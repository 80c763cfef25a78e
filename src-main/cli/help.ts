/** help: commands, and the topics that the crash table, the settings and the keys make. Needs no engine. */
import type { Command } from 'commander';
import { findTopics, helpTopics, type HelpTopic } from '../contract/index.ts';
import type { Run } from './program.ts';
import { exitCode, show } from './session.ts';

/** So many topics are written out; of more, the names. */
const WRITTEN_OUT = 3;

export function addHelpCommand(program: Command, run: Run): void {
  program.helpCommand(false);
  program
    .command('help')
    .argument('[topic...]', 'a command, a setting, a crash category, or words to search for')
    .description(
      'explain a command, a setting, a crash category or the keys; works without an engine',
    )
    .action((words: readonly string[]) =>
      run((session) => {
        const [name = ''] = words;
        const command = program.commands.find((command) => command.name() === name);
        if (words.length === 0) {
          show(session, helpTopics(), () => `${program.helpInformation()}\n${overview()}`);
          return Promise.resolve(exitCode.ok);
        }
        if (command !== undefined && !session.json) {
          command.outputHelp();
          return Promise.resolve(exitCode.ok);
        }
        const found = topicsOf(words.join(' '));
        show(session, found, () => textOf(found, words.join(' ')));
        return Promise.resolve(found.length === 0 ? exitCode.failure : exitCode.ok);
      }),
    );
}

/** The topic of exactly this name alone, else all that hold the words. */
function topicsOf(search: string): readonly HelpTopic[] {
  const found = findTopics(search);
  const named = found.filter((topic) => topic.id === search.trim().toLowerCase());
  return named.length > 0 ? named : found;
}

function overview(): string {
  const groups = [...new Set(helpTopics().map((helpTopic) => helpTopic.group))];
  const lines = groups.map((group) => {
    const ids = helpTopics()
      .filter((helpTopic) => helpTopic.group === group)
      .map((helpTopic) => helpTopic.id);
    return `${group}: ${ids.join(', ')}`;
  });
  return `Topics, each explained by nightshift help <topic>:\n\n${lines.join('\n\n')}\n`;
}

function textOf(found: readonly HelpTopic[], search: string): string {
  if (found.length === 0) return `No topic holds “${search}”. All of them: nightshift help`;
  if (found.length <= WRITTEN_OUT) return found.map(written).join('\n');
  return `${String(found.length)} topics hold “${search}”:\n\n${found
    .map((topic) => `  ${topic.id.padEnd(30)}  ${topic.text}`)
    .join('\n')}\n`;
}

const written = (topic: HelpTopic): string =>
  [
    `${topic.title}  (${topic.group})`,
    `  ${topic.text}`,
    ...topic.facts.map((fact) => `  ${fact.name}: ${fact.value}`),
    '',
  ].join('\n');
