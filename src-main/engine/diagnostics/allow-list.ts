/**
 * The allow list: only log lines and values of known forms are kept, because any other text may quote a
 * row. Pure.
 */
import { crashTable } from '../../contract/index.ts';
import type { Redaction } from './redaction.ts';

export interface Kept {
  readonly lines: readonly string[];
  /** Number of lines or values that were removed. */
  readonly omitted: number;
}

const placeholder = (text: string): string => `[text, ${String(text.length)} characters]`;

/** Messages of Python, torch and the driver; any other message may quote a row. */
const MACHINE_MESSAGES =
  /out of memory|OutOfMemoryError|CUBLAS_STATUS|CUDNN_STATUS|CUDA error|device-side assert|illegal memory access|no kernel image|Xid|fallen off the bus|version mismatch|No space left|unexpected pos \d+|Permission denied|shared memory|can't allocate memory|No module named|header|zip archive|bus error|Segmentation fault|not compiled with CUDA|No CUDA GPUs/i;
const EXCEPTION_LINE =
  /^((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:Error|Exception|Exit|Interrupt|Warning))(?::\s?(.*))?$/;
const FATAL_LINE =
  /^Fatal Python error: (?:Segmentation fault|Aborted|Bus error|Illegal instruction|Floating-point exception)$/;
const THREAD_LINE =
  /^(?:Current thread|Thread) 0x[0-9a-f]+(?: \([^)]*\))? \(most recent call first\):$/;
const PLACE_LINE = /^\s+File "([^"]+)", line (\d+)(?:,)? in ([\w<>.]+)$/;
const ENGINE_LINE = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (.*)$/;
const ENGINE_MESSAGES = [
  /^(?:serves|serving) .+ on port \d+, pid \d+$/,
  /^memory port \d+ is in use; using \d+$/,
  /^stopped; (?:The trainer \(pid \d+\) is still running\.|No trainer was running\.)$/,
];
const FAILURE_LINE = /^([\w. ]{1,40}): (?:([A-Z]\w*(?:Error|Exception)|Refusal|Error)\b:? ?)?(.*)$/;
const STACK_LINE = /^\s+at (?:async )?(?:([\w.<>$]+) )?\(?(?:file:\/\/)?([^()\s]+):(\d+):\d+\)?$/;

const lastPart = (path: string): string => path.split(/[\\/]/).at(-1) ?? '';

/** The message of an exception if it can't quote a row, else its length. */
export function keepMessage(text: string, redaction: Redaction): string {
  return MACHINE_MESSAGES.test(text) ? redaction.sentence(text) : placeholder(text);
}

function trainerLine(line: string, redaction: Redaction): string | null {
  if (line === 'Traceback (most recent call last):' || FATAL_LINE.test(line)) return line;
  if (THREAD_LINE.test(line)) return line;
  const place = PLACE_LINE.exec(line);
  if (place !== null)
    return `  File "${redaction.sentence(place[1] ?? '')}", line ${place[2] ?? ''}, in ${place[3] ?? ''}`;
  const exception = EXCEPTION_LINE.exec(line);
  if (exception === null) return null;
  const [, type = '', text] = exception;
  return text === undefined || text === '' ? type : `${type}: ${keepMessage(text, redaction)}`;
}

function engineLogLine(line: string, redaction: Redaction): string | null {
  const stack = STACK_LINE.exec(line);
  if (stack !== null)
    return `    at ${stack[1] ?? ''} (${lastPart(stack[2] ?? '')}:${stack[3] ?? ''})`;
  const parts = ENGINE_LINE.exec(line);
  if (parts === null) return null;
  const [, time = '', message = ''] = parts;
  if (ENGINE_MESSAGES.some((form) => form.test(message)))
    return `${time} ${redaction.sentence(message)}`;
  const failure = FAILURE_LINE.exec(message);
  if (failure === null) return null;
  const [, where = '', type = 'Error', text = ''] = failure;
  return `${time} ${redaction.sentence(where)}: ${type}: ${keepMessage(text, redaction)}`;
}

export function keepLog(
  lines: readonly string[],
  source: 'engine' | 'trainer',
  redaction: Redaction,
): Kept {
  const keep = source === 'engine' ? engineLogLine : trainerLine;
  const out: string[] = [];
  let omitted = 0;
  let gap = 0;
  const closeGap = (): void => {
    if (gap > 0) out.push(`[${String(gap)} ${gap === 1 ? 'line' : 'lines'} omitted]`);
    gap = 0;
  };
  for (const line of lines) {
    const kept = keep(line.trimEnd(), redaction);
    if (kept === null) {
      omitted += 1;
      gap += 1;
      continue;
    }
    closeGap();
    out.push(kept);
  }
  closeGap();
  return { lines: out, omitted };
}

/** Words of the program, never of the user. */
const OWN_WORD =
  /^(?:SIG[A-Z]+|\d{8}-\d{6}-[a-z]+-[0-9a-f]+|main|branch-\d+|auto|cpu|cuda(?::\d+)?|completed|paused|stopped|skipped|failed|canceled|running|stopping_after)$/;

/** Numbers, booleans and words of the program; any other text is replaced by its length. */
export function keepValue(value: unknown): unknown {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string')
    return OWN_WORD.test(value) || crashTable.has(value) ? value : placeholder(value);
  if (Array.isArray(value)) return value.slice(0, 50).map(keepValue);
  if (typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => /^[a-z][a-z0-9_]{0,40}$/.test(key))
        .map(([key, entry]) => [key, keepValue(entry)]),
    );
  return null;
}

/** Journal entries whose text has no user data. */
const PLAIN_KINDS = new Set([
  'engine.start',
  'engine.leave',
  'disk.below_floor',
  'disk.above_floor',
  'trainer.launch',
  'trainer.restarted',
  'trainer.asleep',
  'trainer.hang',
]);

export function keepJournalLine(
  entry: {
    readonly t: number;
    readonly what: string;
    readonly text: string;
    readonly step: number | null;
    readonly dataset: string | null;
    readonly evidence: Readonly<Record<string, unknown>>;
  },
  redaction: Redaction,
): Readonly<Record<string, unknown>> {
  const kind = /^[a-z_]+(?:\.[a-z_]+)*$/.test(entry.what) ? entry.what : 'other';
  return {
    t: entry.t,
    what: kind,
    text: PLAIN_KINDS.has(kind) ? redaction.sentence(entry.text) : placeholder(entry.text),
    step: entry.step,
    dataset: entry.dataset === null ? null : redaction.name(entry.dataset),
    evidence: keepValue(entry.evidence),
  };
}
