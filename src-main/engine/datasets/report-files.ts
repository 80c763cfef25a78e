/**
 * What intake writes about a dataset, `data/datasets/<id>/`: report.json, split.json, rejected.jsonl
 * and rows.i32. Each file is read in one function.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type DatasetReport, datasetReport } from '../../contract/index.ts';
import { readJson } from '../../kit/files.ts';
import { readLines } from '../../kit/lines.ts';

export type ReportReading =
  | { readonly report: DatasetReport; readonly problem: null }
  /** `problem` null: there is no report. */
  | { readonly report: null; readonly problem: string | null };

export async function readReportFile(folder: string): Promise<ReportReading> {
  let value: unknown;
  try {
    value = await readJson(path.join(folder, 'report.json'));
  } catch (error) {
    return { report: null, problem: error instanceof Error ? error.message : String(error) };
  }
  if (value === null) return { report: null, problem: null };
  const parsed = datasetReport.safeParse(value);
  if (parsed.success) return { report: parsed.data, problem: null };
  const [issue] = parsed.error.issues;
  return {
    report: null,
    problem: `report.json is invalid at ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  };
}

/** null when there is no report, or none that can be read. */
export async function readReport(folder: string): Promise<DatasetReport | null> {
  return (await readReportFile(folder)).report;
}

const splitFile = z.object({
  core: z.array(z.number()).default([]),
  slice: z.array(z.number()).default([]),
  held_out_duplicates: z.array(z.number()).default([]),
  truncated: z.array(z.number()).default([]),
});
export type Split = z.infer<typeof splitFile>;

/** Rows held out for validation, and rows that were truncated. Empty when the file is missing or damaged. */
export async function readSplit(folder: string): Promise<Split> {
  const value = await readJson(path.join(folder, 'split.json')).catch(() => null);
  const parsed = splitFile.safeParse(value);
  return parsed.success ? parsed.data : splitFile.parse({});
}

export interface RejectedRow {
  readonly row: number;
  readonly reason: string;
  readonly message: string;
  /** The beginning of the row. */
  readonly text: string;
}

/** Every rejected row. A line that can't be read is skipped: the worker may still be writing it. */
export async function* readRejected(folder: string): AsyncGenerator<RejectedRow, void, undefined> {
  for await (const line of readLines(path.join(folder, 'rejected.jsonl'))) {
    try {
      const value = JSON.parse(line) as Partial<Record<keyof RejectedRow, unknown>>;
      if (typeof value.row !== 'number') continue;
      yield {
        row: value.row,
        reason: String(value.reason),
        message: typeof value.message === 'string' ? value.message : '',
        text: typeof value.text === 'string' ? value.text : '',
      };
    } catch {
      // A line that a killed worker cut in two.
    }
  }
}

/** All physical row numbers as intake listed them; null when the list is missing or has another length. */
export async function readRowNumbers(folder: string, rows: number): Promise<Uint32Array | null> {
  const bytes = await readFile(path.join(folder, 'rows.i32')).catch(() => null);
  if (bytes === null || bytes.length !== rows * 4) return null;
  return Uint32Array.from({ length: rows }, (_, index) => bytes.readUInt32LE(index * 4));
}
