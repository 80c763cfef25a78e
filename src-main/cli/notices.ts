/** `nightshift notices list | dismiss` */
import type { Command } from 'commander';
import { plural } from '../contract/format.ts';
import type { Notice } from '../contract/index.ts';
import { noticesFile, readOrNull } from '../formats/index.ts';
import { fromEngineOrFiles, withEngine } from './connection.ts';
import { checkChosen, type Chosen, chosenIds } from './find.ts';
import { columns, dateTime } from './format.ts';
import { state } from './output/markup.ts';
import type { Run } from './program.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

export function addNoticesCommands(program: Command, run: Run): void {
  const notices = program
    .command('notices')
    .description('List and dismiss notices: warnings and failures that need your attention');
  notices
    .command('list', { isDefault: true })
    .description('List open notices, newest first; works without an engine')
    .option('--all', 'also list dismissed, resolved and informational notices', false)
    .action((options: { all: boolean }) => run((session) => list(session, options.all)));
  notices
    .command('dismiss')
    .argument('[notice...]', 'ids of notices, or the beginnings of them')
    .option('--all', 'dismiss every open notice', false)
    .description('Dismiss notices; the conditions that they report are not affected')
    .action((typed: readonly string[], { all }: { all: boolean }) =>
      run((session) => dismiss(session, { what: 'notice', typed, all })),
    );
}

/** Information is only listed with `all`: it needs nothing from the user. */
const isOpen = ({ dismissed, tone }: Notice): boolean => !dismissed && tone !== 'info';

async function list(session: Session, all: boolean): Promise<ExitCode> {
  const known = await fromEngineOrFiles(
    session,
    (client) => client.notices.list(),
    async ({ paths }) => (await readOrNull(paths.notices, noticesFile))?.notices ?? [],
  );
  const shown = known.filter((notice) => all || isOpen(notice));
  show(session, shown, () =>
    shown.length === 0 ? 'Nothing needs your attention.' : shown.map(noticeText).join(''),
  );
  return exitCode.ok;
}

const TONES: Readonly<Record<Notice['tone'], string>> = {
  fail: 'failure',
  warn: 'warning',
  info: 'info',
};

function noticeText({ id, t, tone, title, body, opens, dismissed }: Notice): string {
  return (
    columns([[dateTime(t), state(dismissed ? 'dismissed' : TONES[tone]), title]]) +
    columns([
      ['', body],
      ['', `${id}, see ${opens}`],
    ])
  );
}

async function dismiss(session: Session, chosen: Chosen): Promise<ExitCode> {
  checkChosen(chosen);
  const dismissed = await withEngine(session, async (client) => {
    const known = await client.notices.list();
    const ids = chosenIds(chosen, chosen.all ? known.filter(isOpen) : known);
    for (const id of ids) await client.notices.dismiss({ id });
    return ids;
  });
  show(session, { dismissed }, `Dismissed ${plural(dismissed.length, 'notice')}.`);
  return exitCode.ok;
}
