/**
 * Journal: every decision and intervention, one line each with its evidence, in journal/YYYYMM.jsonl.
 * Promises: a line is in memory at once and on the disk in order; a full disk never blocks the writer.
 * Never: decides anything, removes a line.
 */
export { createJournal, type Journal, type JournalLine } from './journal.ts';
