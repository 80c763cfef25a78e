/** The strip of the last hours: who was at work when. Pure. */
import type { Activity } from '../../contract/index.ts';
import type { History } from './history.ts';

type Span = Activity['spans'][number];

export function decideActivity(
  history: Pick<History, 'spans' | 'recoveries' | 'done'>,
  live: { readonly run: string | null; readonly paused: boolean },
  from: number,
  now: number,
): Activity {
  const spans: Span[] = [];
  const add = (kind: Span['kind'], start: number, end: number, dataset: string | null): void => {
    const [a, b] = [Math.max(from, start), Math.min(now, end)];
    if (b > a) spans.push({ kind, from: a, to: b, dataset });
  };
  for (const run of history.spans) {
    const end = run.run === live.run ? now : run.to;
    let at = run.from;
    for (const pause of run.paused) {
      const until = pause.to ?? (run.run === live.run && live.paused ? now : end);
      add('training', at, pause.from, run.dataset);
      add('paused', pause.from, until, run.dataset);
      at = until;
    }
    add('training', at, end, run.dataset);
  }
  const total = (kind: Span['kind']): number =>
    spans.filter((span) => span.kind === kind).reduce((sum, span) => sum + span.to - span.from, 0);
  const recoveries = history.recoveries.filter((one) => one.t >= from);
  return {
    from,
    to: now,
    spans,
    recoveries: recoveries.map(({ t, label }) => ({ t, label })),
    totals: {
      training_s: total('training'),
      paused_s: total('paused'),
      asleep_s: 0,
      datasets_done: history.done.filter((t) => t >= from).length,
      recoveries: recoveries.length,
      steps_lost: recoveries.reduce((sum, one) => sum + one.lost, 0),
    },
  };
}
