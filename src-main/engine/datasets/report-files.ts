/**
 * What intake writes about a dataset, `data/datasets/<id>/`: report.json, split.json, rejected.jsonl
 * and rows.i32. Each file is read in one function.
 */
import path from 'node:path';
import {
  readFormat,
  type Reading,
  readOrNull,
  rejectedFile,
  type ReportFile,
  reportFile,
  splitFile,
} from '../../formats/index.ts';
import { readLines } from '../../kit/lines.ts';
import { readRegular } from '../../kit/regular-file.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

/** null when there is no report. */
export function readReportFile(folder: string): Promise<Reading<ReportFile> | null> {
  return readFormat(path.join(folder, 'report.json'), reportFile);
}

/** null when there is no report, or none that can be read. */
export function readReport(folder: string): Promise<ReportFile | null> {
  return readOrNull(path.join(folder, 'report.json'), reportFile);
}

const NO_SPLIT = { core: [], slice: [], held_out_duplicates: [], truncated: [] };

/** Rows held out for validation, and rows that were truncated. None when the file is missing or damaged. */
export async function readSplit(folder: string) {
  return (await readOrNull(path.join(folder, 'split.json'), splitFile)) ?? NO_SPLIT;
}

/** Every rejected row. A line that a killed worker cut in two is skipped. */
export async function* readRejected(folder: string) {
  for await (const line of readLines(path.join(folder, 'rejected.jsonl'))) {
    const rejected = rejectedFile.parseLine(line);
    if (rejected !== null) yield rejected;
  }
}

/** All physical row numbers as intake listed them; null when the list is missing or has another length. */
export async function readRowNumbers(folder: string, rows: number): Promise<Uint32Array | null> {
  const bytes = await readRegular(path.join(folder, 'rows.i32')).catch(unlessTemporary(null));
  if (bytes === null || bytes.length !== rows * 4) return null;
  return Uint32Array.from({ length: rows }, (_, index) => bytes.readUInt32LE(index * 4));
}
