/** Follows the events of one run for the costs, a part at a time; only what a cost is made of is kept. */
import path from 'node:path';
import { createSerializer } from '../../kit/serializer.ts';
import { Tail } from '../../kit/tail.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';

type Event = Readonly<Record<string, unknown>>;

const counted = ['t', 'type', 'seconds', 'stall_seconds', 'percent'] as const;

function parse(line: string): Event | null {
  try {
    const value = JSON.parse(line) as unknown;
    if (typeof value !== 'object' || value === null) return null;
    const event = value as Event;
    return Object.fromEntries(counted.map((name) => [name, event[name]]));
  } catch {
    return null;
  }
}

export class CostReader {
  /** The run that was read last; its costs stand until the next one begins. */
  run: string | null = null;
  private readonly paths: WorkspacePaths;
  private tail: Tail | null = null;
  private events: Event[] = [];
  private readonly reads = createSerializer();

  constructor(paths: WorkspacePaths) {
    this.paths = paths;
  }

  /** One at a time: two readers of one tail would count a line twice. */
  read(run: string): Promise<readonly Event[]> {
    return this.reads.run(() => this.follow(run));
  }

  private async follow(run: string): Promise<readonly Event[]> {
    if (run !== this.run || this.tail === null) {
      this.run = run;
      this.tail = new Tail(path.join(this.paths.run(run), 'events.jsonl'));
      this.events = [];
    }
    for (const line of await this.tail.read()) {
      const event = parse(line);
      if (event !== null) this.events.push(event);
    }
    return this.events;
  }
}
