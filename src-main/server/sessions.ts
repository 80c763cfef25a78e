/**
 * Signed-in browsers. A cookie reaches every server on this machine whatever its port, so it is only
 * half of a session: the other half is a key that a page of this origin keeps in `sessionStorage`.
 * The workspace keeps hashes, so its file signs nobody in. Their key is the token, which is replaced
 * in a copy of the workspace: the sessions that came with it are unknown there.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { shown } from '../contract/index.ts';
import { type BrowserSession, readOrNull, sessionsFile, writeFormat } from '../formats/index.ts';
import { createSerializer } from '../kit/index.ts';

export const SESSION_SECONDS = 30 * 24 * 3600;
const MAX_SESSIONS = 50;
/** Pages of one browser; each signs in with a link of its own. */
const MAX_PAGES = 20;
/** The last use is written at most this often. */
const USED_SECONDS = 3600;

export interface Sessions {
  /** The two halves. A browser that has a session keeps it, and the page gets a key of its own. */
  signIn(cookie: string | null, browser: string): Promise<{ cookie: string; key: string }>;
  /** The id of the session of this cookie; null if it is unknown, revoked or expired. */
  readonly find: (cookie: string | null) => string | null;
  /** Like `find`, when the key belongs to the session as well. */
  readonly verify: (cookie: string | null, key: string | null) => string | null;
  list(): readonly Pick<BrowserSession, 'id' | 'browser' | 'created' | 'used'>[];
  /** False if there is none. */
  revoke(id: string): Promise<boolean>;
}

export interface SessionsOptions {
  /** Null: kept in memory only. */
  readonly file: string | null;
  readonly token: string;
  /** Unix seconds. */
  readonly now: () => number;
  readonly onRevoked: (id: string) => void;
  readonly onBug: (error: unknown) => void;
}

const secret = (): string => randomBytes(32).toString('base64url');
export async function openSessions(options: SessionsOptions): Promise<Sessions> {
  const { file, token, now, onRevoked, onBug } = options;
  const hashOf = (text: string): string => createHmac('sha256', token).update(text).digest('hex');
  const stored = file === null ? null : await readOrNull(file, sessionsFile);
  let sessions: readonly BrowserSession[] = stored?.sessions ?? [];
  const writes = createSerializer();
  const save = (): Promise<void> =>
    writes.run(async () => {
      if (file !== null) await writeFormat(file, sessionsFile, { sessions: [...sessions] });
    });
  const isLive = ({ used }: BrowserSession): boolean => now() - used < SESSION_SECONDS;
  const put = (session: BrowserSession): void => {
    const others = sessions.filter((other) => other.id !== session.id && isLive(other));
    sessions = [session, ...others].slice(0, MAX_SESSIONS);
  };
  const byCookie = (cookie: string | null): BrowserSession | null => {
    if (cookie === null) return null;
    const hash = hashOf(cookie);
    return sessions.find((session) => session.hash === hash && isLive(session)) ?? null;
  };
  return {
    async signIn(cookie, browser) {
      const key = secret();
      const known = byCookie(cookie);
      const half = known === null || cookie === null ? secret() : cookie;
      const t = now();
      put({
        id: known?.id ?? randomBytes(8).toString('hex'),
        hash: hashOf(half),
        keys: [hashOf(key), ...(known?.keys ?? [])].slice(0, MAX_PAGES),
        browser: shown(browser),
        created: known?.created ?? t,
        used: t,
      });
      // On a full disk the browser is signed in until the engine ends.
      await save().catch(onBug);
      return { cookie: half, key };
    },
    find: (cookie) => byCookie(cookie)?.id ?? null,
    verify(cookie, key) {
      const session = byCookie(cookie);
      if (session === null || key === null || !session.keys.includes(hashOf(key))) return null;
      if (now() - session.used > USED_SECONDS) {
        put({ ...session, used: now() });
        save().catch(onBug);
      }
      return session.id;
    },
    list: () =>
      sessions
        .filter(isLive)
        .map(({ id, browser, created, used }) => ({ id, browser, created, used })),
    async revoke(id) {
      if (!sessions.some((session) => session.id === id)) return false;
      sessions = sessions.filter((session) => session.id !== id);
      onRevoked(id);
      await save();
      return true;
    },
  };
}
