/**
 * Texts for users contain no praise, apologies or exclamation marks; everything is spelled the
 * American way; names that were replaced do not come back. Wording beyond that is a matter of
 * review.
 */
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { documents, programFiles, testFiles, tokensOf, type Token } from './repository-texts.ts';

const OWN_FILE = 'tests/unit/language.test.ts';

/** Limits a run to paths that match this expression: LANGUAGE_SCOPE='src-main/(cli|server)' */
const scope = new RegExp(process.env['LANGUAGE_SCOPE'] ?? '');

const tokensIn = (files: readonly string[]): readonly Token[] =>
  files.filter((file) => scope.test(file)).flatMap(tokensOf);

const location = ({ file, line }: Token): string => `${file}:${String(line)}`;

describe('tone', () => {
  const BANNED =
    /\b(excellent|perfect\w*|great|awesome|amazing|fantastic|wonderful|best|oops|whoops|sorry|unfortunately|apolog\w+)\b|[A-Za-z]!(\s|$)/i;
  /** Keys, paths and code have no two words in a row. */
  const isSentence = (text: string): boolean => /[A-Za-z]{2,}[ ,][A-Za-z]/.test(text);
  /** Training data of the starter model. */
  const EXCLUDED = /starter_text\.py$/;

  test('finds praise, apologies and exclamation marks', () => {
    for (const text of ['A great result', 'Sorry, this failed', 'Done!', 'Unfortunately the file'])
      expect(BANNED.test(text), text).toBe(true);
    for (const text of [
      'Row 12 has no response.',
      'You should restart',
      'must be greater',
      'a != b',
    ])
      expect(BANNED.test(text), text).toBe(false);
  });

  test('reads texts of screens, notices, commands and Python', { timeout: 120_000 }, () => {
    const contains = (file: string, part: string): boolean =>
      tokensOf(file).some(
        ({ kind, text }) =>
          (kind === 'string' || kind === 'jsx') && text.replaceAll(/\s+/g, ' ').includes(part),
      );
    const screens = programFiles().filter((file) => file.endsWith('.tsx'));
    expect(screens.flatMap(tokensOf).filter(({ kind }) => kind === 'jsx').length).toBeGreaterThan(
      50,
    );
    expect(contains('src-main/engine/notices/trainer-messages.ts', 'Restarting from')).toBe(true);
    expect(contains('src-main/cli/health.ts', 'Run every health check')).toBe(true);
    expect(contains('src-main/contract/crashes.ts', 'GPU ran out of memory')).toBe(true);
    expect(contains('python-runtime/nightshift_trainer/__main__.py', 'usage:')).toBe(true);
  });

  test('no text has praise, apologies or exclamation marks', { timeout: 120_000 }, () => {
    const files = programFiles().filter((file) => !EXCLUDED.test(file));
    expect(files.length).toBeGreaterThan(100);
    // Benchmark results compare values: "the best of".
    const texts = documents().filter((file) => !file.startsWith('benchmarks/'));
    const found = tokensIn([...files, ...texts])
      .filter(
        ({ kind, text }) =>
          kind === 'jsx' || kind === 'prose' || (kind === 'string' && isSentence(text)),
      )
      .filter(({ text }) => BANNED.test(text))
      .map((token) => `${location(token)} ${token.text.trim().slice(0, 120)}`);
    expect(found).toEqual([]);
  });
});

describe('spelling', () => {
  /** Beginnings of words that American English spells differently. */
  const BRITISH = new RegExp(
    `^(${[
      // -ise, -isation, -yse
      '(apolog|author|categor|character|custom|emphas|final|general|initial|item|local|material|maxim|memor|minim|modern|normal|optim|organ|penal|priorit|quant|random|real|recogn|serial|special|stabil|standard|summar|synchron|token|util|vector|visual)is(e|ed|er|ers|es|ing|ation|ations|able)$',
      '(de|un|re)(author|initial|normal|organ|quant|serial|token)is(e|ed|er|es|ing|ation)$',
      '(anal|cata|para)lys(e|ed|er|es|ing)$',
      // -our
      '(behavi|col|fav|flav|harb|hon|hum|lab|neighb|rum|vap)our',
      // -re, -ence
      '(cent|fib|lit|lust|met|theat)re(s|d)?$',
      '(def|lic|off|pret)ence',
      // doubled l
      '(cancel|channel|dial|fuel|initial|journal|label|level|marshal|model|signal|total|travel|tunnel)l(ed|er|ers|ing)$',
      '(enrol|fulfil|instal)(ment|s)?$',
      '(artefact|catalogue|grey|judgement|practise|programme|sceptic|learnt|spelt|whilst|amongst|ageing|tyre)',
    ].join('|')})`,
  );
  /** Names of other APIs, and names in files written by older versions, which readers still accept. */
  const OTHER_NAMES =
    /\b(CancelledError|(aria-)?labelledby|normalised_hashes|utilisation|[`'"]licence[`'"])/g;
  const OTHER_TOKENS = new Set(['licence', 'cancelled']);
  const wordsIn = (text: string): readonly string[] =>
    text
      .replaceAll(OTHER_NAMES, ' ')
      .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .match(/[a-z]+/g) ?? [];
  const britishIn = (text: string): string | undefined =>
    OTHER_TOKENS.has(text) ? undefined : wordsIn(text).find((word) => BRITISH.test(word));

  test('finds British spellings in texts and identifiers', () => {
    for (const text of [
      'the optimiser state',
      'tokenised',
      'darkColour',
      'cancelled_by',
      'fromCentre',
      'normalisation',
    ])
      expect(britishIn(text), text).toBeDefined();
    for (const text of [
      'optimizer',
      'emphasis',
      'precision',
      'promise',
      'otherwise',
      'canceled',
      'cancellation',
      'parameter',
      'realistic',
      'licenses',
      'four hours',
      'installs',
      'gradient',
    ])
      expect(britishIn(text), text).toBeUndefined();
  });

  test('all texts, comments and identifiers use American spelling', { timeout: 120_000 }, () => {
    const found = tokensIn([...programFiles(), ...testFiles(), ...documents()])
      // This file spells the words that it looks for.
      .filter(({ file }) => file !== OWN_FILE)
      // Training data of the starter model; its hash is recorded.
      .filter(({ file }) => !file.endsWith('starter_text.py'))
      .flatMap((token) => {
        const word = britishIn(token.text);
        return word === undefined ? [] : [`${location(token)} ${word}`];
      });
    expect(found).toEqual([]);
  });
});

describe('names', () => {
  /**
   * Names that the glossary of this code replaced, as whole identifiers. Not listed, because they
   * also have an ordinary meaning: `line` (of a file), `words` (of a text), `share` (a fraction),
   * `rate` and `norm` (as parts of longer names), `stage` (the worker kind that prepares a
   * restore), `kept` and `held` (adjectives, also in wire fields), `account` (of rows), `own`,
   * `act` (a verb), `places` and `cards`, `shift` (of arrays), `turns` (of a conversation), `leave`
   * (the route /api/engine/leave), `layout` (of a page) and `finite`.
   */
  const REPLACED: Readonly<Record<string, string>> = {
    o: 'options',
    one: 'the noun',
    tell: 'notify, on…',
    say: 'emit, log',
    hear: 'receive, on…',
    breathe: 'yieldToEventLoop',
    rehearse: 'prewarm',
    standIn: 'fake',
    stand_in: 'fake',
    desk: 'session',
    Desk: 'DesktopSession',
    manners: 'behavior',
    takeBack: 'undoDataset',
    take_back: 'undo_dataset',
    leftOut: 'excludedRows',
    left_out: 'excluded_rows',
    latch: 'desiredState',
    standing: 'queueState, trayStatus, metricsAt',
    Standing: 'TrayStatus',
    tastes: 'preferences',
    departure: 'quitFlow',
    wakefulness: 'powerSaveBlocker',
    letters: 'singleKeyShortcuts',
    acts: 'actions, steps',
    Acts: 'Actions',
    moments: 'optimizer_state',
    masters: 'master_weights',
    follow_masters: 'sync_from_master',
    Fed: 'BatchDigest',
    fed: 'batch_hash',
    beat: 'heartbeat',
    lostElsewhere: 'orphanedSteps',
    lost_elsewhere: 'orphaned_steps',
    lookFailed: 'evaluationFailed',
    look_failed: 'evaluation_failed',
    look: 'check, evaluate, poll',
    looking: 'FolderWatcher',
    looks: 'evaluations, verdictDisplay',
    walk: 'discover',
    walked: 'scanned',
    alike: 'near_duplicates',
    pieces: 'token_bytes, spans',
    judge: 'validate',
    judged: 'validated',
    judgeKey: 'validationKey',
    Judging: 'Validation',
    Shelf: 'DatasetStore, SavedModels',
    Shelved: 'DatasetRecord',
    shelf: 'store',
    Arrivals: 'Ingest',
    rung: 'level',
    Ladder: 'OomBackoff',
    isInLine: 'isInAncestry',
    in_line: 'in_ancestry',
    lineOf: 'ancestryOf',
    LineSegment: 'AncestrySegment',
  };
  const REPLACED_IN_PYTHON: Readonly<Record<string, string>> = {
    Order: 'RowSampler',
    lay_out: 'collate',
    Computing: 'GradientStep',
    Stepper: 'OptimizerStep',
    Watching: 'Evaluator',
    beside: 'async',
  };
  const REPLACED_FILES = new Set([
    ...['layout.py', 'following.py', 'opening.py', 'finite.py', 'walk.py', 'alike.py', 'pieces.py'],
    ...['look.py', 'scoring.py', 'walk.ts', 'shelf.ts', 'account.ts', 'accounts.ts', 'arrivals.ts'],
    ...['looking.ts', 'standing.ts', 'choose.ts', 'readings.ts', 'shapes.ts', 'holds.ts'],
    ...['places.ts', 'words.ts', 'room.ts', 'tastes.ts', 'departure.ts', 'acts.ts', 'latch.ts'],
    ...['turns.ts', 'letters.ts', 'kept-files.ts', 'door.ts', 'wakefulness.ts'],
  ]);
  /** Readers of files written by older versions. */
  const READS_OLD_NAMES =
    /^src-main\/formats\/|^tests\/unit\/(formats|queue-files|datasets-store|datasets-files)\b|renamed_fields\.py$/;
  /** Attributes of libraries: os.walk, ast.walk, file.tell. */
  const isLibraryAttribute = ({ file, text, before }: Token): boolean =>
    file.endsWith('.py') && before === '.' && (text === 'walk' || text === 'tell');

  test('no replaced name is an identifier', { timeout: 120_000 }, () => {
    const found = tokensIn([...programFiles(), ...testFiles()])
      .filter((token) => token.kind === 'identifier' && !READS_OLD_NAMES.test(token.file))
      // The table above.
      .filter(({ file }) => file !== OWN_FILE)
      .filter((token) => !isLibraryAttribute(token))
      .flatMap((token) => {
        const names = token.file.endsWith('.py')
          ? { ...REPLACED, ...REPLACED_IN_PYTHON }
          : REPLACED;
        return Object.hasOwn(names, token.text)
          ? [`${location(token)} ${token.text} (${names[token.text] ?? ''})`]
          : [];
      });
    expect(found).toEqual([]);
  });

  test('no file has a replaced name', () => {
    const files = [...programFiles(), ...testFiles()].filter((file) => scope.test(file));
    expect(files.filter((file) => REPLACED_FILES.has(path.basename(file)))).toEqual([]);
  });
});
