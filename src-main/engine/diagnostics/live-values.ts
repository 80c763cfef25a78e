/** What may leave the machine of the values of a running engine. Pure. */
import { isObject } from '../../formats/index.ts';
import type { Redaction } from './redaction.ts';

export const LIVE_ABOUT: Readonly<Record<string, string>> = {
  checks: 'health checks; evidence only where it contains no names',
  memory: 'memory of machine, trainer, engine, GPU',
  costs: 'monitoring overhead',
  disk: 'disk usage',
  datasets: 'places, verdicts and row counts of the datasets',
};

/** Checks whose evidence consists of numbers and versions. */
const PLAIN_CHECKS = new Set(['disk', 'python', 'checkpoint']);

interface KeptValue {
  readonly kept: unknown;
  readonly omitted: number;
}

export function keepLive(name: string, value: unknown, redaction: Redaction): KeptValue {
  if (name === 'checks' && Array.isArray(value)) return keepChecks(value, redaction);
  if (name === 'datasets' && Array.isArray(value))
    return {
      kept: value.filter(isObject).map((dataset) => keepDataset(dataset, redaction)),
      omitted: 0,
    };
  return { kept: value, omitted: 0 };
}

function keepChecks(checks: readonly unknown[], redaction: Redaction): KeptValue {
  let omitted = 0;
  const kept = checks.filter(isObject).map(({ id, state, evidence, t }) => {
    const isPlain = PLAIN_CHECKS.has(String(id)) && typeof evidence === 'string';
    if (!isPlain) omitted += 1;
    return {
      id: String(id),
      state: String(state),
      evidence: isPlain ? redaction.sentence(evidence) : null,
      t,
    };
  });
  return { kept, omitted };
}

function keepDataset(dataset: Readonly<Record<string, unknown>>, redaction: Redaction) {
  const numbers = Object.entries(dataset).filter(
    ([, field]) => typeof field === 'number' || field === null,
  );
  return {
    ...Object.fromEntries(numbers),
    name: redaction.name(String(dataset['name'])),
    place: String(dataset['place']),
    priority: String(dataset['priority']),
    verdict: String(dataset['verdict']),
    decision: typeof dataset['decision'] === 'string' ? dataset['decision'] : null,
    held: dataset['held'] === true,
  };
}
