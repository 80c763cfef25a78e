/** Reads the events of one run for the cost of monitoring, and keeps only the fields that count. */
import path from 'node:path';
import { isObject, parseJson } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { createSerializer } from '../../kit/serializer.ts';
import { Tail } from '../../kit/tail.ts';

type CostEvent = Readonly<Record<string, unknown>>;

const FIELDS = ['t', 'type', 'seconds', 'stall_seconds', 'percent'] as const;

/** Without the schema of events: a long run has many, and only these fields are needed. */
function parse(line: string): CostEvent | null {
  const json = parseJson(line);
  if (!json.ok || !isObject(json.value)) return null;
  const event = json.value;
  return Object.fromEntries(FIELDS.map((name) => [name, event[name]]));
}

export class CostReader {
  /** The run that was read last; its costs are shown until the next one begins. */
  run: string | null = null;
  private readonly paths: WorkspacePaths;
  private tail: Tail | null = null;
  private events: CostEvent[] = [];
  private readonly reads = createSerializer();

  constructor(paths: WorkspacePaths) {
    this.paths = paths;
  }

  /** One at a time: two readers of one tail would count a line twice. */
  read(run: string): Promise<readonly CostEvent[]> {
    return this.reads.run(() => this.follow(run));
  }

  private async follow(run: string): Promise<readonly CostEvent[]> {
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
