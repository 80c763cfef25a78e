/** A snapshot, then changes. After a missed revision or a reconnect a client requests a new snapshot. */
import { z } from 'zod';
import { backup } from './backups.ts';
import { configState } from './config.ts';
import { datasetSummary } from './datasets.ts';
import { engineFacts } from './engine.ts';
import { check } from './health.ts';
import { journalEntry } from './journal.ts';
import { lineageState } from './lineage.ts';
import { machine } from './machine.ts';
import { evaluationPoint, marker, metricPoint } from './metrics.ts';
import { notice } from './notices.ts';
import { queueState } from './queue.ts';
import { setup } from './setup.ts';
import { preview, trainingStatus } from './status.ts';
import { version } from './versions.ts';

/** The state that a client mirrors, by room. A change replaces a room's whole value. */
export const rooms = z.object({
  engine: engineFacts,
  status: trainingStatus,
  queue: queueState,
  /** Every known dataset, queue order first. */
  datasets: z.array(datasetSummary),
  versions: z.array(version),
  lineage: lineageState,
  /** Newest first. */
  backups: z.array(backup),
  notices: z.array(notice),
  health: z.array(check),
  config: configState,
  machine,
  setup,
  /** The newest 200 entries, newest first. */
  journal: z.array(journalEntry),
  /** The newest 20, newest first. */
  previews: z.array(preview),
});
export type Rooms = z.infer<typeof rooms>;
export type RoomName = keyof Rooms;

export const snapshot = z.object({ revision: z.number().int(), rooms });
export type Snapshot = z.infer<typeof snapshot>;

/** New points of the live curves; clients append them. `reset`: discard the curve and call `metrics.curves` again. */
export const metricsNews = z.object({
  branch: z.string(),
  reset: z.boolean(),
  points: z.array(metricPoint),
  evaluations: z.array(evaluationPoint),
  markers: z.array(marker),
});
export type MetricsNews = z.infer<typeof metricsNews>;

/** Revisions grow by one; a client that misses one requests a new snapshot. */
export const change = z.object({
  revision: z.number().int(),
  rooms: rooms.partial(),
  metrics: metricsNews.nullable(),
});
export type Change = z.infer<typeof change>;
