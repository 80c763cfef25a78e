/** What the engine itself knows of a dataset: `data/datasets/<id>/meta.json`. The place is not in it; the folders say that. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { columnMapping, place, priority } from '../../contract/index.ts';
import { readJson, writeJson } from '../../kit/files.ts';

/** The data file as it was when it was validated. `mtime_ms` and `bytes` notice a change cheaply, `sha256` proves it. */
const seen = z.object({ bytes: z.number(), mtime_ms: z.number(), sha256: z.string() });

const validated = z.object({
  /** The options that decided; a different key means: validate again. */
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
export type Judged = z.infer<typeof validated>;

export const metaSchema = z.object({
  format: z.literal(1),
  id: z.string().min(1),
  /** The name of the data file, unique over all places. */
  name: z.string().min(1),
  source: z.string(),
  added: z.number(),
  priority,
  position: z.number(),
  held: z.boolean(),
  mapping: columnMapping.nullable(),
  accept_valid_rows: z.boolean(),
  /** Where the file lay when this was written: only tells two files of one name apart. */
  place_hint: place,
  /** The copy is complete: written by ourselves, or watched until it was. */
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
export type Meta = z.infer<typeof metaSchema>;

export function newMeta(
  facts: Pick<
    Meta,
    'id' | 'name' | 'source' | 'added' | 'priority' | 'position' | 'place_hint' | 'complete'
  >,
): Meta {
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

/** null when the folder holds no meta file or one that cannot be read: such a folder names no dataset. */
export async function readMeta(folder: string): Promise<Meta | null> {
  const raw = await readJson(path.join(folder, 'meta.json')).catch(() => null);
  const parsed = metaSchema.safeParse(raw);
  return parsed.success ? parsed.data : null;
}

export async function writeMeta(folder: string, meta: Meta): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeJson(path.join(folder, 'meta.json'), meta);
}
