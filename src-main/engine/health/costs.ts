/** The cost of monitoring: the trainer's time by part, and the engine's CPU time. Pure. */
import type { MonitoringCosts } from '../../contract/index.ts';

type PartName = MonitoringCosts['parts'][number]['id'];

export interface CostReadings {
  readonly budgetPercent: number;
  /** Lines of the run's events.jsonl. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly run: string | null;
  /** CPU seconds of the engine process, and its age in seconds. */
  readonly engineCpu: number;
  readonly engineSeconds: number;
  readonly now: number;
}

const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

export function costsFrom(readings: CostReadings): MonitoringCosts {
  const { engineCpu, engineSeconds } = readings;
  const sums: Record<PartName, { times: number; seconds: number }> = {
    evaluation: { times: 0, seconds: 0 },
    preview: { times: 0, seconds: 0 },
    checkpoint_stall: { times: 0, seconds: 0 },
  };
  const add = (part: PartName, seconds: number): void => {
    sums[part].times += 1;
    sums[part].seconds += seconds;
  };
  let first: number | null = null;
  let last = 0;
  let trainerPercent: number | null = null;
  for (const event of readings.events) {
    const t = number(event['t']);
    first ??= t;
    last = Math.max(last, t);
    if (event['type'] === 'evaluation') add('evaluation', number(event['seconds']));
    if (event['type'] === 'preview') add('preview', number(event['seconds']));
    if (event['type'] === 'checkpoint') add('checkpoint_stall', number(event['stall_seconds']));
    if (event['type'] === 'monitoring' && typeof event['percent'] === 'number')
      trainerPercent = event['percent'];
  }
  const measured = first === null ? 0 : last - first;
  return {
    format: 1,
    budget_percent: readings.budgetPercent,
    trainer_percent: trainerPercent,
    parts: (Object.keys(sums) as PartName[]).map((id) => ({
      id,
      times: sums[id].times,
      seconds: rounded(sums[id].seconds),
      percent: measured > 0 ? rounded((100 * sums[id].seconds) / measured) : null,
    })),
    engine_percent: engineSeconds > 0 ? rounded((100 * engineCpu) / engineSeconds) : null,
    run: readings.run,
    measured_seconds: rounded(measured),
    updated_at: readings.now,
  };
}
