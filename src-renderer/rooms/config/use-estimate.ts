/** The estimate for unsaved edits, requested while typing. */
import { useEffect, useState } from 'react';
import type { ConfigState, EstimateAnswer } from '../../../src-main/contract/index.ts';
import { useAnswer, useRoom } from '../../engine/index.ts';
import type { Pending } from './edits.ts';

const SETTLE_MS = 120;

/** The estimate for the current edits; the previous one stays until the next arrives. */
export function useEstimate(
  pending: readonly Pending[],
  state: ConfigState,
  dataset: string | null,
): EstimateAnswer | null {
  const datasets = useRoom('datasets');
  const changes = Object.fromEntries(
    pending.filter((change) => change.problem === null).map((change) => [change.key, change.after]),
  );
  const queued = datasets
    .filter((dataset) => dataset.place === 'queue' || dataset.place === 'processing')
    .map((dataset) => `${dataset.id} ${dataset.verdict}`)
    .join();
  const wanted = `${dataset ?? ''}|${JSON.stringify([changes, state.values, state.staged])}|${queued}`;
  const [settled, setSettled] = useState(wanted);
  useEffect(() => {
    const timer = setTimeout(() => {
      setSettled(wanted);
    }, SETTLE_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [wanted]);
  const { answer } = useAnswer(state.values.base_model === '' ? null : settled, (engine) =>
    engine.config.estimate({ changes, dataset }),
  );
  return answer;
}
