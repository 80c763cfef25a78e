/** `nightshift complete -- WORDS`, called by the shell: the candidates for the last word. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command, Option } from 'commander';
import { visibleText } from '../../contract/index.ts';
import { workspacePaths } from '../../formats/workspace.ts';
import { type Candidate, commandsOf, FILES, optionsOf, valuesOf } from './candidates.ts';

const MAX_ABOUT = 60;

/** The command line before the word that is completed. */
interface Place {
  readonly command: Command;
  /** The option whose value the next word is. */
  readonly option: Option | null;
  /** Arguments given so far. */
  readonly given: number;
  readonly onlyArguments: boolean;
  readonly workspace: string | null;
}

const isWorkspace = (option: Option): boolean =>
  option.long === '--workspace' || option.long === '--base-dir';

function findOption(command: Command, flag: string): Option | undefined {
  for (let place: Command | null = command; place !== null; place = place.parent) {
    const found = place.options.find(({ short, long }) => flag === short || flag === long);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Pure. */
function placeAfter(program: Command, words: readonly string[]): Place {
  let place: Place = {
    command: program,
    option: null,
    given: 0,
    onlyArguments: false,
    workspace: null,
  };
  for (const word of words) {
    const { command, option, given } = place;
    if (option !== null) {
      const workspace = isWorkspace(option) ? word : place.workspace;
      place = { ...place, option: null, workspace };
    } else if (word === '--' && !place.onlyArguments) place = { ...place, onlyArguments: true };
    else if (word.startsWith('-') && !place.onlyArguments) {
      const [flag = '', value] = word.split(/=(.*)/s);
      const found = findOption(command, flag);
      const needsValue = found !== undefined && (found.required || found.optional);
      if (needsValue && value === undefined) place = { ...place, option: found };
      else if (found !== undefined && isWorkspace(found) && value !== undefined)
        place = { ...place, workspace: value };
    } else {
      const child = command.commands.find(
        (candidate) => candidate.name() === word || candidate.aliases().includes(word),
      );
      place =
        child !== undefined && given === 0
          ? { ...place, command: child }
          : { ...place, given: given + 1 };
    }
  }
  return place;
}

async function candidatesAt(
  place: Place,
  current: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly Candidate[] | typeof FILES> {
  const { command, option, given } = place;
  const folder = place.workspace ?? environment['NIGHTSHIFT_WORKSPACE'];
  const home = folder?.replace(/^~(?=\/|$)/, homedir()) ?? join(homedir(), 'Nightshift');
  const paths = workspacePaths(resolve(home));
  if (option !== null) return valuesOf(option, paths);
  if (current.startsWith('-') && !place.onlyArguments) return optionsOf(command);
  if (command.commands.length > 0) return commandsOf(command);
  const known = command.registeredArguments;
  const argument = known[given] ?? (known.at(-1)?.variadic === true ? known.at(-1) : undefined);
  return argument === undefined ? optionsOf(command) : valuesOf(argument, paths);
}

/**
 * `words`: after the name of the program; the last one is completed. A line for each candidate: the
 * value, a tab, what it is.
 */
export async function complete(
  program: Command,
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  // bash splits `--option=value` at the sign.
  const parts = words.filter((word) => word !== '=');
  const current = parts.at(-1) ?? '';
  const place = placeAfter(program, parts.slice(0, -1));
  const found = await candidatesAt(place, current, environment);
  if (found === FILES) return `${FILES}\n`;
  return found
    .filter(({ value }) => value.startsWith(current))
    .map(({ value, about }) => {
      const [line = ''] = about.split('\n');
      return `${visibleText(value)}\t${visibleText(line).slice(0, MAX_ABOUT)}\n`;
    })
    .join('');
}
