/**
 * Texts name the command line's commands as `nightshift …`. Until that command is linked, what is
 * shown names the program in the form that works as typed: `node /opt/app/scripts/nightshift.mjs …`.
 * Pure.
 */
export const COMMAND_NAME = 'nightshift';

/** The first words of commands; a test compares them with the program. */
export const COMMAND_WORDS = [
  'backup',
  'base',
  'chat',
  'checkpoints',
  'completion',
  'config',
  'crashes',
  'demo',
  'drill',
  'diagnostics',
  'disk',
  'health',
  'help',
  'journal',
  'link',
  'logs',
  'machine',
  'notices',
  'pause',
  'previews',
  'queue',
  'resume',
  'serve',
  'sessions',
  'skip',
  'status',
  'stop',
  'token',
  'unlink',
  'validate',
  'versions',
] as const;

const NAMED = new RegExp(
  `(?<![\\w./@\\\\-])${COMMAND_NAME}(?= (?:${COMMAND_WORDS.join('|')}|--help|\\[options\\])(?![\\w/]|\\.\\w))`,
  'g',
);

/** The text with its commands as the user can type them. `typed`: `nightshift` when it is linked. */
export const asTyped = (text: string, typed: string): string =>
  typed === COMMAND_NAME ? text : text.replace(NAMED, () => typed);
