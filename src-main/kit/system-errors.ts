/**
 * What an error of the operating system says about the file or process that was asked for. Only "no
 * such file" and "no such process" mean that it is gone: a process that has no descriptor left sees
 * nothing, and must not take a living trainer for a dead one. Pure.
 */

const MISSING = new Set(['ENOENT', 'ESRCH']);

/** These say something about this process or the machine at this moment, nothing about the file. */
const TEMPORARY = new Set([
  'EAGAIN',
  'EINTR',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'ETIMEDOUT',
]);

const codeOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException | null | undefined)?.code ?? '';

export const isMissing = (error: unknown): boolean => MISSING.has(codeOf(error));

export const isTemporary = (error: unknown): boolean => TEMPORARY.has(codeOf(error));

/** For `.catch`: `value` for what is not there; throws everything else. */
export const ifMissing =
  <T>(value: T) =>
  (error: unknown): T => {
    if (isMissing(error)) return value;
    throw error;
  };

/** For `.catch`: `value` for what can't be used, whatever the reason; throws while nothing is known. */
export const unlessTemporary =
  <T>(value: T) =>
  (error: unknown): T => {
    if (isTemporary(error)) throw error;
    return value;
  };
