/** Follows a dataset from validation to its version, with a progress bar. */
import { setTimeout as wait } from 'node:timers/promises';
import type { DatasetSummary, TrainingStatus, Version } from '../contract/index.ts';
import { evaluationText, timeLeft } from '../contract/format.ts';
import type { EngineClient } from './connection.ts';
import type { Session } from './session.ts';
import { bar, decimal } from './format.ts';

const POLL_MS = 500;

/** The progress line, redrawn in place. Pure. */
export function progressLine(status: TrainingStatus, dataset: DatasetSummary): string {
  if (dataset.place !== 'processing')
    return `${dataset.verdict}  ${dataset.message ?? ''}`.trimEnd();
  const step = status.step_of_dataset ?? 0;
  const steps = status.steps_of_dataset ?? dataset.planned_steps ?? 0;
  const loss = status.loss === null ? '' : `  loss ${decimal(status.loss.value)}`;
  const left = timeLeft(status);
  const eta = left === null ? '' : `  ${left} left`;
  const evaluating = evaluationText(status.evaluation);
  return `[${bar(steps === 0 ? 0 : step / steps, 30)}] ${String(step)} of ${String(steps)} steps${loss}${eta}  ${status.state}${evaluating === null ? '' : ` (${evaluating})`}`;
}

/**
 * Resolves when the dataset is completed and its version exists. Throws if it ends any other way,
 * or on Ctrl-C.
 */
export async function followDataset(
  session: Session,
  client: EngineClient,
  id: string,
): Promise<{ readonly dataset: DatasetSummary; readonly version: Version }> {
  let drawn = '';
  const draw = (line: string): void => {
    if (line === drawn) return;
    drawn = line;
    session.terminal.progress(line);
  };
  try {
    for (;;) {
      session.signal.throwIfAborted();
      const { rooms } = await client.feed.snapshot();
      const dataset = rooms.datasets.find((dataset) => dataset.id === id);
      if (dataset === undefined) throw new Error('The dataset disappeared from the queue.');
      draw(progressLine(rooms.status, dataset));
      const version = rooms.versions.find((version) =>
        version.datasets.some((trained) => trained.id === id),
      );
      if (dataset.place === 'completed' && version !== undefined) return { dataset, version };
      if (
        dataset.place === 'failed' ||
        dataset.place === 'skipped' ||
        dataset.verdict === 'needs_decision'
      )
        throw new Error(
          `The sample was not trained (${dataset.verdict}): ${dataset.message ?? 'no message'}`,
        );
      if (rooms.status.state === 'failed')
        throw new Error(rooms.status.error?.message ?? rooms.status.reason ?? 'Training failed.');
      await wait(POLL_MS);
    }
  } finally {
    if (session.terminal.interactive) session.terminal.error('\n');
  }
}
