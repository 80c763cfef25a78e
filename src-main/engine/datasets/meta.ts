/**
 * What the engine itself stores about a dataset: `data/datasets/<id>/meta.json`. Not its place: that
 * is the folder that the data file is in.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { columnMapping, place, priority } from '../../contract/index.ts';
import { readJson, writeJson } from '../../kit/files.ts';

/** The data file when it was validated. Size and mtime detect a change cheaply, the hash proves it. */
const seen = z.object({ bytes: z.number(), mtime_ms: z.number(), sha256: z.string() });

const validated = z.object({
  /** The options that the verdict depends on; with another key the file is validated again. */
  key: z.string(),
  verdict: z.enum(['ready', 'needs_decision', 'refused']),
  decision: z.enum(['map_columns', 'accept_valid_rows']).nullable(),
  message: z.string().nullable(),
  rows: z.number().int(),
  accepted: z.number().int(),
  rejected: z.number().int(),
  held_out: z.number().int(),
  trained_rows: z.number().int(),
  planned_steps: z.number().int(),
  content_hash: z.string(),
  cache: z.string().nullable(),
  t: z.number(),
});
export type Validated = z.infer<typeof validated>;

const datasetMeta = z.object({
  format: z.literal(1),
  id: z.string().min(1),
  /** Name of the data file, unique over all places. */
  name: z.string().min(1),
  source: z.string(),
  added: z.number(),
  priority,
  position: z.number(),
  held: z.boolean(),
  mapping: columnMapping.nullable(),
  accept_valid_rows: z.boolean(),
  /** Place at the last write; only used to tell two files of the same name apart. */
  place_hint: place,
  /** The copy is complete: written by the engine, or watched until it stopped changing. */
  complete: z.boolean(),
  seen: seen.nullable(),
  validated: validated.nullable(),
  /** Why it failed or was skipped. */
  reason: z.string().nullable(),
  finished: z.number().nullable(),
  done_steps: z.number().int().nullable(),
  validation_before: z.number().nullable(),
  validation_after: z.number().nullable(),
  quarantined: z.array(z.number().int()),
  history: z.array(z.object({ t: z.number(), what: z.string() })),
});
export type DatasetMeta = z.infer<typeof datasetMeta>;

export function newMeta(
  facts: Pick<
    DatasetMeta,
    'id' | 'name' | 'source' | 'added' | 'priority' | 'position' | 'place_hint' | 'complete'
  >,
): DatasetMeta {
  return {
    format: 1,
    held: false,
    mapping: null,
    accept_valid_rows: false,
    seen: null,
    validated: null,
    reason: null,
    finished: null,
    done_steps: null,
    validation_before: null,
    validation_after: null,
    quarantined: [],
    history: [{ t: facts.added, what: `added (${facts.source})` }],
    ...facts,
  };
}

/** null when the folder has no readable meta.json; it is then not a dataset. */
export async function readMeta(folder: string): Promise<DatasetMeta | null> {
  const value = await readJson(path.join(folder, 'meta.json')).catch(() => null);
  const parsed = datasetMeta.safeParse(value);
  return parsed.success ? parsed.data : null;
}

export async function writeMeta(folder: string, meta: DatasetMeta): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeJson(path.join(folder, 'meta.json'), meta);
}
