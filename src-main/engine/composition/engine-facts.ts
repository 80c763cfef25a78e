/** The engine's own facts, for clients and for its lock file. */
import path from 'node:path';
import { CONTRACT_VERSION, type EngineFacts } from '../../contract/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';

export interface LockFacts {
  /** null until the server listens. */
  readonly port: number | null;
  readonly build: string;
  readonly contract: number;
  readonly version: string;
  readonly t: number;
}

export type EngineFactsSource = ReturnType<typeof createEngineFacts>;

export function createEngineFacts(options: {
  readonly paths: WorkspacePaths;
  readonly started: number;
  readonly version: string;
  readonly build: string;
  /** 0 until the server listens. */
  readonly port: number;
  readonly command: string;
}) {
  const { paths, started, version, build, command } = options;
  let { port } = options;
  return {
    port: (): number => port,
    setPort(next: number): void {
      port = next;
    },
    facts: (): EngineFacts => ({
      contract: CONTRACT_VERSION,
      build,
      version,
      pid: process.pid,
      started,
      workspace: paths.root,
      workspace_name: path.basename(paths.root),
      port,
      platform: process.platform,
      command,
    }),
    lockFacts: (): LockFacts => ({
      port: port === 0 ? null : port,
      build,
      contract: CONTRACT_VERSION,
      version,
      t: started,
    }),
  };
}
