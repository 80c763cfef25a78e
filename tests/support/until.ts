/** Waiting for a condition, with a time limit. */

export type Probe<T> = () => Promise<T | null | undefined | false> | T | null | undefined | false;

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `probe` answers something other than null / undefined / false; the timeout error names what was awaited. */
export async function waitUntil<T>(
  what: string,
  probe: Probe<T>,
  seconds: number,
  everyMs: number,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await probe();
    if (value !== null && value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for: ${what}`);
    await sleep(everyMs);
  }
}
