/** A file with the rows of another one, which was trained, is training or waits: the user is asked. */
import type { DatasetRecord } from './dataset-records.ts';
import type { DatasetStore } from './dataset-store.ts';
import type { DatasetMeta } from './meta.ts';

type Validated = NonNullable<DatasetMeta['validated']>;

/**
 * Whether another file with the same rows would train them twice: its rows are in the model, in part
 * or as a whole, or it trains or waits. One that the user accepted as a repetition is not asked
 * about by the file that it repeats.
 */
function isTrainedOrWaits({ place, meta }: DatasetRecord): boolean {
  switch (place) {
    case 'completed':
    case 'processing':
      return true;
    case 'queue':
      return meta.validated?.verdict === 'ready' && !meta.train_again;
    default:
      return (meta.done_steps ?? 0) > 0;
  }
}

const isSame = (a: Validated, b: Validated): boolean =>
  (a.content_hash !== '' && a.content_hash === b.content_hash) ||
  (a.rows_hash !== null && a.rows_hash === b.rows_hash);

/** A dataset with the same file or the same accepted rows that was trained, is training, or waits. */
export function trainedBefore(
  meta: DatasetMeta,
  validated: Validated,
  records: readonly DatasetRecord[],
): DatasetRecord | null {
  if (validated.verdict !== 'ready' || meta.train_again) return null;
  return (
    records.find(
      (record) =>
        record.meta.id !== meta.id &&
        record.meta.validated !== null &&
        isTrainedOrWaits(record) &&
        isSame(record.meta.validated, validated),
    ) ?? null
  );
}

const STATES: Readonly<Record<DatasetRecord['place'], string>> = {
  queue: 'which is waiting in the queue',
  processing: 'which is training',
  completed: 'which was already trained',
  failed: 'which was trained in part',
  skipped: 'which was trained in part',
};

/** The verdict on a file whose rows are in another dataset too. */
export function askAgain(validated: Validated, other: DatasetRecord): Validated {
  const how =
    other.meta.validated?.content_hash === validated.content_hash
      ? 'Same content as'
      : 'Same rows as';
  const what = other.place === 'queue' ? 'Train it as well' : 'Train it again';
  return {
    ...validated,
    verdict: 'needs_decision',
    decision: 'trained_before',
    message: `${how} ${other.meta.name}, ${STATES[other.place]}. ${what}, or remove it from the queue.`,
  };
}

/**
 * The files that were asked about, of those that wait, although the one that they repeat was removed
 * or replaced. Pure.
 */
export function noLongerRepeated(records: readonly DatasetRecord[]): readonly DatasetRecord[] {
  const asked = records.filter(
    ({ place, meta }) => place === 'queue' && meta.validated?.decision === 'trained_before',
  );
  if (asked.length === 0) return [];
  const [contents, rows] = [new Set<string>(), new Set<string | null>()];
  for (const record of records) {
    const { validated } = record.meta;
    if (validated === null || !isTrainedOrWaits(record)) continue;
    if (validated.content_hash !== '') contents.add(validated.content_hash);
    if (validated.rows_hash !== null) rows.add(validated.rows_hash);
  }
  return asked.filter(
    ({ meta: { validated } }) =>
      validated !== null && !contents.has(validated.content_hash) && !rows.has(validated.rows_hash),
  );
}

/** The first of them is ready now; the next ones repeat that one. */
export async function acceptOneNoLongerRepeated(store: DatasetStore): Promise<boolean> {
  const first = noLongerRepeated(store.all())[0]?.meta;
  if (first?.validated == null) return false;
  const ready = { verdict: 'ready', decision: null, message: null } as const;
  await store.update(first.id, { validated: { ...first.validated, ...ready } });
  return true;
}
