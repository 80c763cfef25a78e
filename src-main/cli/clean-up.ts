/** Clean-ups: the plan, then a question on a terminal; elsewhere only with --execute. */
import { bytes } from './format.ts';
import { askFor } from './confirm.ts';
import { type EngineClient, withEngine } from './connection.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

interface Plan {
  readonly removes: readonly unknown[];
  readonly executed: boolean;
  readonly freed_bytes: number;
}

export function cleanUp<T extends Plan>(
  session: Session,
  options: {
    readonly execute: boolean;
    readonly call: (client: EngineClient, execute: boolean) => Promise<T>;
    readonly text: (plan: T) => string;
  },
): Promise<ExitCode> {
  return withEngine(session, async (client) => {
    const plan = await options.call(client, options.execute);
    const list = options.text(plan);
    const listed = list === '' ? '' : `${list}\n`;
    if (plan.executed) {
      show(session, plan, `${listed}Freed ${bytes(plan.freed_bytes)}.`);
      return exitCode.ok;
    }
    const free = `Would free ${bytes(plan.freed_bytes)}.`;
    const canAsk = plan.removes.length > 0 && !session.json && session.terminal.canAsk;
    const nothing = 'Nothing was deleted';
    show(session, plan, `${listed}${free}${canAsk ? '' : ` ${nothing}; to delete: --execute`}`);
    if (!canAsk) return exitCode.ok;
    if ((await askFor(session, 'Delete them?')) !== true) {
      session.terminal.error(`${nothing}.\n`);
      return exitCode.ok;
    }
    const done = await options.call(client, true);
    show(session, done, `Freed ${bytes(done.freed_bytes)}.`);
    return exitCode.ok;
  });
}
