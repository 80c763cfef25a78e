/** What a user's word about a file changes, and which earlier word holds for a file of the same shape. Pure. */
import { type ColumnMapping, mappingText, Refusal } from '../../contract/index.ts';
import type { DatasetMeta } from './meta.ts';

export type ThinkBlocks = 'keep' | 'strip';
type Changes = Partial<DatasetMeta>;
type Validated = NonNullable<DatasetMeta['validated']>;

/**
 * Accepts the file as it is. `hasNeededFields`: the columns are known, but the format leaves out fields that
 * the answer may depend on. Refusals NOT_READY (nothing to decide, or the columns have to be mapped),
 * INVALID (keep or strip is missing).
 */
export function acceptanceOf(
  meta: DatasetMeta,
  options: {
    readonly thinkBlocks: ThinkBlocks | null;
    readonly hasNeededFields: boolean;
    readonly guess: ColumnMapping | null;
    readonly now: number;
  },
): Changes {
  const { id, name, validated } = meta;
  switch (validated?.decision) {
    case 'accept_valid_rows':
      return { accept_valid_rows: true };
    case 'unused_fields':
      return { accept_unused_fields: true, decided: options.now };
    case 'trained_before':
      return {
        train_again: true,
        validated: { ...validated, verdict: 'ready', decision: null, message: null },
      };
    case 'think_blocks':
      if (options.thinkBlocks === null)
        throw new Refusal('INVALID', `${name} contains <think> blocks.`, {
          subject: id,
          next: `Choose: nightshift queue accept ${id} --think keep, or --think strip.`,
        });
      return { thinking: options.thinkBlocks === 'keep' ? 'keep' : 'off', decided: options.now };
    case 'map_columns': {
      if (options.hasNeededFields) return { accept_unused_fields: true, decided: options.now };
      const { guess } = options;
      throw new Refusal('NOT_READY', `The columns of ${name} are not mapped.`, {
        subject: id,
        next: `Map them: nightshift queue map ${id} ${guess === null ? '--question COLUMN --answer COLUMN' : mappingText(guess)}`,
      });
    }
    default:
      // Accepted before it is validated, as with files of earlier versions.
      return { accept_valid_rows: true };
  }
}

/** The order of fields says nothing: the same ones make the same shape. */
const shapeOf = (validated: Validated | null): string | null =>
  validated === null || validated.fields.length === 0
    ? null
    : JSON.stringify([...validated.fields].sort());

/**
 * What was decided last about a file with the same fields, where this file waits for that decision. null: it
 * waits for none, or nobody has decided yet.
 */
export function rememberedDecision(
  meta: DatasetMeta,
  validated: Validated,
  others: readonly DatasetMeta[],
): Changes | null {
  const shape = shapeOf(validated);
  if (shape === null || validated.verdict !== 'needs_decision') return null;
  const decided = others
    .filter((other) => other.id !== meta.id && other.decided !== null)
    .filter((other) => shapeOf(other.validated) === shape)
    .sort((a, b) => (b.decided ?? 0) - (a.decided ?? 0));
  const answerOf = (other: DatasetMeta): Changes | null => {
    switch (validated.decision) {
      case 'map_columns':
        if (meta.mapping === null && other.mapping !== null) return { mapping: other.mapping };
        return acceptUnused(meta, other);
      case 'unused_fields':
        return acceptUnused(meta, other);
      case 'think_blocks':
        return other.thinking === null ? null : { thinking: other.thinking };
      default:
        return null;
    }
  };
  for (const other of decided) {
    const answer = answerOf(other);
    if (answer !== null) return { ...answer, decided_as: other.name };
  }
  return null;
}

const acceptUnused = (meta: DatasetMeta, other: DatasetMeta): Changes | null =>
  other.accept_unused_fields && !meta.accept_unused_fields ? { accept_unused_fields: true } : null;
