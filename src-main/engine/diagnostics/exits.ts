/**
 * How a run ended, from its exit.json. The error message is kept only when it can't quote a row (see
 * `keepMessage`). Pure.
 */
import { crashTable } from '../../contract/index.ts';
import { isObject } from '../../formats/index.ts';
import type { Redaction } from './redaction.ts';
import { keepLog, keepMessage, keepValue } from './allow-list.ts';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export function exitFacts(
  exit: Readonly<Record<string, unknown>>,
  redaction: Redaction,
): Readonly<Record<string, unknown>> {
  const { error } = exit;
  const category = isObject(error) ? text(error['category']) : '';
  return {
    outcome: keepValue(exit['outcome'] ?? null),
    t: number(exit['t']),
    step: number(exit['step']),
    position: number(exit['position']),
    code: number(exit['code']),
    error: isObject(error)
      ? {
          category: crashTable.has(category) ? category : 'unknown',
          type: /^[A-Za-z_][\w.]{0,80}$/.test(text(error['type'])) ? error['type'] : null,
          message: keepMessage(text(error['message']), redaction),
          rows: Array.isArray(error['rows']) ? error['rows'].length : 0,
          traceback: keepLog(text(error['traceback']).split('\n'), 'trainer', redaction).lines,
        }
      : null,
  };
}

const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
