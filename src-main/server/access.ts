/** The procedures that the server answers itself: address, sign-in links, token, sessions. */
import { type AccessState, asTyped, COMMAND_NAME, Refusal } from '../contract/index.ts';
import type { AccessApi } from './engine-api.ts';
import type { Sessions } from './sessions.ts';
import type { Grant } from './tickets.ts';

export interface AccessOptions {
  readonly token: string;
  readonly command?: string | undefined;
  readonly sessions: Sessions;
  readonly link: (grant: Grant) => { readonly link: string; readonly expires: number };
  readonly state: () => Omit<AccessState, 'session'>;
  /** Open pages of a session. */
  readonly pagesOf: (session: string) => number;
}

export function createAccess(options: AccessOptions): AccessApi {
  const { sessions } = options;
  const typed = (text: string): string => asTyped(text, options.command ?? COMMAND_NAME);
  return {
    get: (_, { session }) => ({ ...options.state(), session }),
    link: (_, grant) => options.link(grant),
    token(_, { session }) {
      // The token is valid for ever; a session ends when it is revoked.
      if (session !== null)
        throw new Refusal('UNAUTHORIZED', "A signed-in browser doesn't get the token.", {
          next: typed('Run: nightshift token'),
        });
      return { token: options.token };
    },
    sessions: () =>
      sessions.list().map((session) => ({ ...session, pages: options.pagesOf(session.id) })),
    async revoke({ id }) {
      if (!(await sessions.revoke(id)))
        throw new Refusal('NOT_FOUND', 'No such session.', {
          subject: id,
          next: typed('To list the signed-in browsers: nightshift sessions'),
        });
      return { ok: true };
    },
  };
}
