/** Questions before something is deleted, replaced or changed with side effects. */
import { ORPCError } from '@orpc/client';
import { Refusal, refusalData } from '../contract/index.ts';
import { bold } from './output/markup.ts';
import type { Session } from './session.ts';

/** null where nobody can be asked: without a terminal, and with --json. `name` counts as yes too. */
export async function askFor(
  { json, terminal }: Session,
  question: string,
  name: string | null = null,
): Promise<boolean | null> {
  if (json || !terminal.canAsk) return null;
  const answer = (await terminal.ask(`${bold(question)} [y/N] `))?.trim() ?? '';
  return /^y(es)?$/i.test(answer) || (name !== null && answer === name);
}

export const unchanged = (): Refusal => new Refusal('NEEDS_CONFIRMATION', 'Nothing was changed.');

/**
 * Calls with the confirmation that was given. If the engine needs one and none was given, a terminal
 * is asked; without one, the refusal names the flag.
 */
export async function confirming<T>(
  session: Session,
  given: string | undefined,
  call: (confirm: string | null, facts: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  try {
    return await call(given ?? null, {});
  } catch (error) {
    if (!(error instanceof ORPCError) || error.code !== 'NEEDS_CONFIRMATION') throw error;
    const facts = refusalData.safeParse(error.data).data?.facts ?? {};
    const { confirm } = facts;
    if (given !== undefined || confirm === undefined) throw error;
    const answer = await askFor(session, `${error.message}\nProceed?`, confirm);
    if (answer === null) throw error;
    if (!answer) throw unchanged();
    return call(confirm, facts);
  }
}
