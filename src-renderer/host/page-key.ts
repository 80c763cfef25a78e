/**
 * The key of this page: half of the browser's session, as the cookie also reaches other servers of
 * this machine. Kept in `sessionStorage`, which only pages of this origin can read.
 */
const NAME = 'nightshift.page-key';
const CHANNEL = 'nightshift.page-key';
/** Until another open page has answered. */
const ANSWER_MS = 500;
const IN_ADDRESS = /^#page-key=([\w-]+)$/;

/** Takes the key out of the address of the sign-in, and shares it with pages opened later. */
export function keepPageKey(): void {
  const given = IN_ADDRESS.exec(location.hash)?.[1];
  if (given !== undefined) {
    sessionStorage.setItem(NAME, given);
    history.replaceState(null, '', '/');
  }
  new BroadcastChannel(CHANNEL).addEventListener('message', function ({ data }) {
    const key = sessionStorage.getItem(NAME);
    if (data === 'ask' && key !== null) this.postMessage(key);
  });
}

/** From this page, or from another one of this browser; null: none is signed in. */
export async function pageKey(): Promise<string | null> {
  const own = sessionStorage.getItem(NAME);
  if (own !== null) return own;
  const channel = new BroadcastChannel(CHANNEL);
  const answer = await new Promise<string | null>((resolve) => {
    const timer = setTimeout(resolve, ANSWER_MS, null);
    channel.addEventListener('message', ({ data }) => {
      if (typeof data !== 'string' || data === 'ask') return;
      clearTimeout(timer);
      resolve(data);
    });
    channel.postMessage('ask');
  });
  channel.close();
  if (answer !== null) sessionStorage.setItem(NAME, answer);
  return answer;
}

/** Shows how to sign in. The key is of no use any more. */
export function askForSignIn(): void {
  sessionStorage.removeItem(NAME);
  location.replace('/?signed-out');
}
