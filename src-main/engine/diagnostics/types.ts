/** The closed shapes: which lines of a log, which values of a record may be in the bundle at all. Pure. */
import { crashTable } from '../../contract/index.ts';
import type { Redaction } from './redaction.ts';

export interface Kept {
  readonly lines: readonly string[];
  /** Lines or values that were not of a known shape. */
  readonly omitted: number;
}

const placeholder = (text: string): string => `[text, ${String(text.length)} characters]`;

/** What Python, torch and the driver say about themselves; a message that is none of these may quote a row. */
const machineWords =
  /out of memory|OutOfMemoryError|CUBLAS_STATUS|CUDNN_STATUS|CUDA error|device-side assert|illegal memory access|no kernel image|Xid|fallen off the bus|version mismatch|No space left|unexpected pos \d+|Permission denied|shared memory|can't allocate memory|No module named|header|zip archive|bus error|Segmentation fault|not compiled with CUDA|No CUDA GPUs/i;
const exceptionLine =
  /^((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:Error|Exception|Exit|Interrupt|Warning))(?::\s?(.*))?$/;
const fatalLine =
  /^Fatal Python error: (?:Segmentation fault|Aborted|Bus error|Illegal instruction|Floating-point exception)$/;
const threadLine =
  /^(?:Current thread|Thread) 0x[0-9a-f]+(?: \([^)]*\))? \(most recent call first\):$/;
const placeLine = /^\s+File "([^"]+)", line (\d+)(?:,)? in ([\w<>.]+)$/;
const engineLine = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (.*)$/;
const engineWords = [
  /^serves .+ on port \d+, pid \d+$/,
  /^the memory port \d+ is in use; \d+ was taken$/,
  /^left; (?:The trainer \(pid \d+\) goes on training\.|No trainer was running\.)$/,
];
const failureLine = /^([\w. ]{1,40}): (?:([A-Z]\w*(?:Error|Exception)|Refusal|Error)\b:? ?)?(.*)$/;
const stackLine = /^\s+at (?:async )?(?:([\w.<>$]+) )?\(?(?:file:\/\/)?([^()\s]+):(\d+):\d+\)?$/;

const lastPart = (path: string): string => path.split(/[\\/]/).at(-1) ?? '';

/** A message of an exception: kept when it is the machine's own, else its length. */
export function message(text: string, redaction: Redaction): string {
  return machineWords.test(text) ? redaction.sentence(text) : placeholder(text);
}

function trainerLine(line: string, redaction: Redaction): string | null {
  if (line === 'Traceback (most recent call last):' || fatalLine.test(line)) return line;
  if (threadLine.test(line)) return line;
  const place = placeLine.exec(line);
  if (place !== null)
    return `  File "${redaction.sentence(place[1] ?? '')}", line ${place[2] ?? ''}, in ${place[3] ?? ''}`;
  const exception = exceptionLine.exec(line);
  if (exception === null) return null;
  const [, type = '', said] = exception;
  return said === undefined || said === '' ? type : `${type}: ${message(said, redaction)}`;
}

function engineLogLine(line: string, redaction: Redaction): string | null {
  const stack = stackLine.exec(line);
  if (stack !== null)
    return `    at ${stack[1] ?? ''} (${lastPart(stack[2] ?? '')}:${stack[3] ?? ''})`;
  const parts = engineLine.exec(line);
  if (parts === null) return null;
  const [, time = '', said = ''] = parts;
  if (engineWords.some((form) => form.test(said))) return `${time} ${redaction.sentence(said)}`;
  const failure = failureLine.exec(said);
  if (failure === null) return null;
  const [, where = '', type = 'Error', text = ''] = failure;
  return `${time} ${redaction.sentence(where)}: ${type}: ${message(text, redaction)}`;
}

export function keepLog(
  lines: readonly string[],
  source: 'engine' | 'trainer',
  redaction: Redaction,
): Kept {
  const keep = source === 'engine' ? engineLogLine : trainerLine;
  const out: string[] = [];
  let omitted = 0;
  let hole = 0;
  const close = (): void => {
    if (hole > 0) out.push(`[${String(hole)} ${hole === 1 ? 'line' : 'lines'} left out]`);
    hole = 0;
  };
  for (const line of lines) {
    const kept = keep(line.trimEnd(), redaction);
    if (kept === null) {
      omitted += 1;
      hole += 1;
      continue;
    }
    close();
    out.push(kept);
  }
  close();
  return { lines: out, omitted };
}

/** Words that are the program's own wherever they stand. */
const ownWord =
  /^(?:SIG[A-Z]+|\d{8}-\d{6}-[a-z]+-[0-9a-f]+|main|branch-\d+|auto|cpu|cuda(?::\d+)?|completed|paused|stopped|skipped|failed|canceled|running|stopping_after)$/;

/** A value of evidence: numbers, yes and no, and words of the program; every other text is its length. */
export function keepValue(value: unknown): unknown {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string')
    return ownWord.test(value) || crashTable.has(value) ? value : placeholder(value);
  if (Array.isArray(value)) return value.slice(0, 50).map(keepValue);
  if (typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => /^[a-z][a-z0-9_]{0,40}$/.test(key))
        .map(([key, entry]) => [key, keepValue(entry)]),
    );
  return null;
}

/** Journal lines whose sentence is made of the program's words and numbers alone. */
const plainKinds = new Set([
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
    text: plainKinds.has(kind) ? redaction.sentence(entry.text) : placeholder(entry.text),
    step: entry.step,
    dataset: entry.dataset === null ? null : redaction.name(entry.dataset),
    evidence: keepValue(entry.evidence),
  };
}
