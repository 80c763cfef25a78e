/** `nightshift notices list | dismiss` */
import type { Command } from 'commander';
import { plural } from '../contract/format.ts';
import { type Notice, Refusal } from '../contract/index.ts';
import { noticesFile, readOrNull } from '../formats/index.ts';
import { engineOf, withEngine } from './connection.ts';
import { noticeIds } from './find.ts';
import { columns, dateTime } from './format.ts';
import { state } from './output/markup.ts';
import type { Run } from './program.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

export function addNoticesCommands(program: Command, run: Run): void {
  const notices = program
    .command('notices')
    .description('Warnings and failures that need your attention');
  notices
    .command('list', { isDefault: true })
    .description('List what is open, newest first; works without an engine')
    .option('--all', 'also those that are dismissed, over, or only information', false)
    .action((options: { all: boolean }) => run((session) => list(session, options.all)));
  notices
    .command('dismiss')
    .argument('[notice...]', 'ids of notices, as listed')
    .option('--all', 'every open notice', false)
    .description('Take notices off the list; what they report is not changed')
    .action((ids: readonly string[], options: { all: boolean }) =>
      run((session) => dismiss(session, ids, options.all)),
    );
}

/** Information is only listed with `all`: it needs nothing from the user. */
const isOpen = ({ dismissed, tone }: Notice): boolean => !dismissed && tone !== 'info';

async function list(session: Session, all: boolean): Promise<ExitCode> {
  const known =
    (await engineOf(session)) === null
      ? ((await readOrNull(session.paths.notices, noticesFile))?.notices ?? [])
      : await withEngine(session, (client) => client.notices.list());
  const shown = known.filter((notice) => all || isOpen(notice));
  show(session, shown, () =>
    shown.length === 0 ? 'Nothing needs your attention.' : shown.map(noticeText).join(''),
  );
  return exitCode.ok;
}

function noticeText({ id, t, tone, title, body, opens, dismissed }: Notice): string {
  const tonality = dismissed
    ? 'over'
    : tone === 'fail'
      ? 'failure'
      : tone === 'warn'
        ? 'warning'
        : 'info';
  return (
    columns([[dateTime(t), state(tonality), title]]) +
    columns([
      ['', body],
      ['', `${id}, see ${opens}`],
    ])
  );
}

async function dismiss(session: Session, ids: readonly string[], all: boolean): Promise<ExitCode> {
  if (ids.length === 0 && !all)
    throw new Refusal('INVALID', 'No notice was named.', {
      next: 'Name ids as in `nightshift notices`, or use --all.',
    });
  const dismissed = await withEngine(session, async (client) => {
    const chosen = all
      ? (await client.notices.list()).filter(isOpen).map(({ id }) => id)
      : await noticeIds(client, ids);
    for (const id of chosen) await client.notices.dismiss({ id });
    return chosen;
  });
  show(session, { dismissed }, `Dismissed ${plural(dismissed.length, 'notice')}.`);
  return exitCode.ok;
}
