/** What a change of max_length costs, in the refusal that asks for its confirmation. */
import { Refusal, refusedText } from '../../contract/index.ts';
import type { EstimateRoom } from '../estimate/index.ts';

/** The same refusal, with the queued files that the change refuses; as it is where none is. */
export async function withRefusedFiles(
  refusal: Refusal,
  estimate: Pick<EstimateRoom, 'estimate'>,
  change: { readonly key: string; readonly value: unknown },
): Promise<Refusal> {
  if (refusal.code !== 'NEEDS_CONFIRMATION' || change.key !== 'max_length') return refusal;
  try {
    const { queue } = await estimate.estimate({
      changes: { [change.key]: change.value },
      dataset: null,
    });
    if (queue.refused.length === 0) return refusal;
    const message = `${refusal.message} It refuses ${refusedText(queue.refused)}.`;
    return new Refusal(refusal.code, message, refusal.data);
  } catch (error) {
    // Without a base model there is no estimate; the confirmation is asked for all the same.
    if (error instanceof Refusal) return refusal;
    throw error;
  }
}
