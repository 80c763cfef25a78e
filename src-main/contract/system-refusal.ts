/**
 * Errors of the operating system that a user can act on, as one sentence instead of a stack trace.
 * Pure.
 */
import { Refusal, type RefusalCode } from './refusal.ts';

type Text = readonly [code: RefusalCode, what: (path: string) => string, next: string];

const FULL: Text = [
  'DISK_FULL',
  (path) => `The disk is full: couldn't write ${path}.`,
  'Free up space on this disk, then try again.',
];
const FORBIDDEN: Text = [
  'READ_ONLY',
  (path) => `No permission to use ${path}.`,
  'Give this account write permission, or choose another folder.',
];
const DISK_ERROR: Text = [
  'NOT_READY',
  (path) => `The disk reported an error for ${path}.`,
  'Check the disk and its connection, then try again.',
];

const TEXTS: Readonly<Record<string, Text>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EROFS: [
    'READ_ONLY',
    (path) => `The disk is read-only: couldn't write ${path}.`,
    'Mount it writable, or choose another folder.',
  ],
  EIO: DISK_ERROR,
  ESTALE: DISK_ERROR,
  ENAMETOOLONG: [
    'INVALID',
    (path) => `The name is too long for this disk: ${path}.`,
    'Use a shorter name or folder.',
  ],
  ENOTDIR: ['INVALID', (path) => `A part of ${path} is not a folder.`, 'Check the path.'],
  EMFILE: [
    'NOT_READY',
    () => 'Too many files are open.',
    'Raise the limit of open files (ulimit -n), then try again.',
  ],
};

/** Null for any other error, which is a bug. */
export function systemRefusal(error: unknown): Refusal | null {
  if (!(error instanceof Error)) return null;
  const { code, path, dest } = error as Error & {
    readonly code?: unknown;
    readonly path?: unknown;
    readonly dest?: unknown;
  };
  const text = typeof code === 'string' ? TEXTS[code] : undefined;
  if (text === undefined) return null;
  const target = typeof dest === 'string' ? dest : typeof path === 'string' ? path : null;
  const [refusalCode, what, next] = text;
  const message = what(target ?? 'a file');
  return new Refusal(refusalCode, message, {
    subject: target,
    next,
    facts: { system: String(code) },
  });
}
