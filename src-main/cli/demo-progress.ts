/** Follows one dataset from validated to version, with a progress bar. */
import { setTimeout as wait } from 'node:timers/promises';
import type { DatasetSummary, TrainingStatus, Version } from '../contract/index.ts';
import type { EngineClient } from './connection.ts';
import type { Session } from './session.ts';
import { bar, decimal, duration } from './format.ts';

const LOOK_MS = 500;

/** The line that is drawn over while it trains. Pure. */
export function progressLine(status: TrainingStatus, dataset: DatasetSummary): string {
  if (dataset.place !== 'processing')
    return `${dataset.verdict}  ${dataset.message ?? ''}`.trimEnd();
  const done = status.step_of_dataset ?? 0;
  const all = status.steps_of_dataset ?? dataset.planned_steps ?? 0;
  const loss = status.loss === null ? '' : `  loss ${decimal(status.loss.value)}`;
  const eta = status.eta_seconds === null ? '' : `  about ${duration(status.eta_seconds)} left`;
  return `[${bar(all === 0 ? 0 : done / all, 30)}] ${String(done)} of ${String(all)} steps${loss}${eta}  ${status.state}`;
}

/** Resolves when the dataset is completed and its version is there. Throws when it ends otherwise or the person leaves. */
export async function followDataset(
  session: Session,
  client: EngineClient,
  id: string,
): Promise<{ readonly dataset: DatasetSummary; readonly version: Version }> {
  let last = '';
  const draw = (line: string): void => {
    if (line === last) return;
    last = line;
    session.terminal.error(session.terminal.interactive ? `\r\u001b[K${line}` : `${line}\n`);
  };
  try {
    for (;;) {
      session.signal.throwIfAborted();
      const { rooms } = await client.feed.snapshot();
      const dataset = rooms.datasets.find((dataset) => dataset.id === id);
      if (dataset === undefined) throw new Error('the dataset is gone from the queue');
      draw(progressLine(rooms.status, dataset));
      const version = rooms.versions.find((version) =>
        version.datasets.some((made) => made.id === id),
      );
      if (dataset.place === 'completed' && version !== undefined) return { dataset, version };
      if (
        dataset.place === 'failed' ||
        dataset.place === 'skipped' ||
        dataset.verdict === 'needs_decision'
      )
        throw new Error(`the sample ended as ${dataset.verdict}: ${dataset.message ?? 'no word'}`);
      if (rooms.status.state === 'failed')
        throw new Error(rooms.status.error?.message ?? rooms.status.reason ?? 'training failed');
      await wait(LOOK_MS);
    }
  } finally {
    if (session.terminal.interactive) session.terminal.error('\n');
  }
}
