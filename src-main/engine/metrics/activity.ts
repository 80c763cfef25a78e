/** The activity strip: what the trainer did over the last hours. Pure. */
import type { Activity } from '../../contract/index.ts';
import type { History } from './history.ts';

type Span = Activity['spans'][number];

export function decideActivity(
  history: Pick<History, 'spans' | 'recoveries' | 'done' | 'asleep'>,
  /** The run whose trainer is alive: its span ends now. */
  live: string | null,
  from: number,
  now: number,
): Activity {
  const spans: Span[] = [];
  const add = (kind: Span['kind'], start: number, end: number, dataset: string | null): void => {
    const [a, b] = [Math.max(from, start), Math.min(now, end)];
    if (b > a) spans.push({ kind, from: a, to: b, dataset });
  };
  for (const [index, run] of history.spans.entries()) {
    const next = history.spans[index + 1]?.from ?? now;
    const end = run.run === live ? now : run.to;
    let at = run.from;
    for (const pause of run.paused) {
      // A pause without `unpaused` lasts until the next run, also when its process ended.
      const until = pause.to ?? next;
      add('training', at, pause.from, run.dataset);
      add('paused', pause.from, until, run.dataset);
      at = until;
    }
    add('training', at, end, run.dataset);
  }
  // Nothing was trained while the machine slept.
  for (const sleep of history.asleep) {
    const around = spans.splice(0);
    for (const span of around) {
      add(span.kind, span.from, Math.min(span.to, sleep.from), span.dataset);
      add(span.kind, Math.max(span.from, sleep.to), span.to, span.dataset);
    }
    add('asleep', sleep.from, sleep.to, null);
  }
  spans.sort((span, other) => span.from - other.from);
  const total = (kind: Span['kind']): number =>
    spans.filter((span) => span.kind === kind).reduce((sum, span) => sum + span.to - span.from, 0);
  const recoveries = history.recoveries.filter((recovery) => recovery.t >= from);
  return {
    from,
    to: now,
    spans,
    recoveries: recoveries.map(({ t, label }) => ({ t, label })),
    totals: {
      training_s: total('training'),
      paused_s: total('paused'),
      asleep_s: total('asleep'),
      datasets_done: history.done.filter((t) => t >= from).length,
      recoveries: recoveries.length,
      steps_lost: recoveries.reduce((sum, recovery) => sum + recovery.lost, 0),
    },
  };
}
