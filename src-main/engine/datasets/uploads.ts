/** Uploads of a browser or a remote window: resumable parts in inbox/.part, checked by hash before they become a dataset. */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Priority, priority, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { readJson, writeJson } from '../../kit/files.ts';
import { sha256File } from '../../kit/hash.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { DiskRoom } from '../disk/index.ts';
import { plainName, refuseName } from './names.ts';

const partFile = z.object({
  format: z.literal(1),
  upload: z.string(),
  name: z.string(),
  bytes: z.number().int(),
  priority,
});
type Part = z.infer<typeof partFile>;

export interface UploadOptions {
  readonly paths: WorkspacePaths;
  readonly disk: DiskRoom;
  readonly clock: Clock;
  /** Shows how far it is; null when it is over. */
  readonly progress: (
    upload: string,
    state: { readonly part: Part; readonly done: number } | null,
  ) => void;
}

const keptSeconds = 7 * 24 * 3600;

export class Uploads {
  private readonly o: UploadOptions;
  private readonly turns = new Map<string, Promise<unknown>>();
  constructor(options: UploadOptions) {
    this.o = options;
  }

  private data(upload: string): string {
    return path.join(this.o.paths.inboxPart, upload);
  }
  private facts(upload: string): string {
    return path.join(this.o.paths.inboxPart, `${upload}.json`);
  }

  /** The same key continues the same upload. Refusals INVALID, DISK_FULL. */
  async begin(input: {
    readonly name: string;
    readonly bytes: number;
    readonly key: string;
    readonly priority: Priority;
  }): Promise<{ upload: string; offset: number }> {
    const name = plainName(input.name);
    const refused = refuseName(name);
    if (refused !== null) throw new Refusal('INVALID', refused, { subject: name });
    if (input.bytes === 0) throw new Refusal('INVALID', `${name} is empty.`, { subject: name });
    const upload = createHash('sha256')
      .update(`${input.key}\n${name}\n${input.bytes}`)
      .digest('hex')
      .slice(0, 32);
    return this.inTurn(upload, async () => {
      await mkdir(this.o.paths.inboxPart, { recursive: true });
      let offset = (await stat(this.data(upload)).catch(() => null))?.size ?? 0;
      if (offset > input.bytes) {
        await rm(this.data(upload), { force: true });
        offset = 0;
      }
      await this.o.disk.require(input.bytes - offset, `the upload of ${name}`);
      const part: Part = { format: 1, upload, name, bytes: input.bytes, priority: input.priority };
      await writeJson(this.facts(upload), part);
      this.o.progress(upload, { part, done: offset });
      return { upload, offset };
    });
  }

  /** Refusal INVALID when `offset` is not what is already there; `facts.offset` says what is. */
  append(upload: string, offset: number, chunk: Blob): Promise<{ offset: number }> {
    return this.inTurn(upload, async () => {
      const part = await this.known(upload);
      const handle = await open(this.data(upload), 'a');
      try {
        const { size } = await handle.stat();
        if (size !== offset || size + chunk.size > part.bytes)
          throw new Refusal(
            'INVALID',
            `The upload of ${part.name} has ${size} of ${part.bytes} bytes; a piece of ${chunk.size} bytes at ${offset} does not fit.`,
            { subject: part.name, facts: { offset: String(size) } },
          );
        await handle.appendFile(Buffer.from(await chunk.arrayBuffer()));
        const done = size + chunk.size;
        this.o.progress(upload, { part, done });
        return { offset: done };
      } finally {
        await handle.close();
      }
    });
  }

  /** Hands the checked file to `accept`, which moves it into the queue. */
  finish<T>(
    upload: string,
    sha256: string,
    accept: (file: string, part: Part) => Promise<T>,
  ): Promise<T> {
    return this.inTurn(upload, async () => {
      const part = await this.known(upload);
      const file = this.data(upload);
      const size = (await stat(file).catch(() => null))?.size ?? 0;
      if (size !== part.bytes)
        throw new Refusal('INVALID', `${part.name} has ${size} of ${part.bytes} bytes so far.`, {
          subject: part.name,
          facts: { offset: String(size) },
        });
      if ((await sha256File(file)) !== sha256) {
        await this.forget(upload);
        throw new Refusal(
          'INVALID',
          `${part.name} arrived with other content than was sent; the copy was removed.`,
          { subject: part.name, next: 'Send it again.' },
        );
      }
      const handle = await open(file, 'r+');
      await handle.sync();
      await handle.close();
      const result = await accept(file, part);
      await this.forget(upload);
      return result;
    });
  }

  cancel(upload: string): Promise<void> {
    return this.inTurn(upload, () => this.forget(upload));
  }

  /** Parts that nobody continued for a week are removed; answers their names. */
  async tidy(): Promise<readonly string[]> {
    const removed: string[] = [];
    for (const name of await readdir(this.o.paths.inboxPart).catch(() => [])) {
      const file = path.join(this.o.paths.inboxPart, name);
      const facts = await stat(file).catch(() => null);
      if (facts?.isFile() !== true || this.o.clock.now() - facts.mtimeMs / 1000 < keptSeconds)
        continue;
      await rm(file, { force: true });
      removed.push(name);
    }
    return removed;
  }

  private async known(upload: string): Promise<Part> {
    if (!/^[0-9a-f]{32}$/.test(upload))
      throw new Refusal('NOT_FOUND', 'There is no such upload.', { subject: upload });
    const part = partFile.safeParse(await readJson(this.facts(upload)).catch(() => null));
    if (!part.success)
      throw new Refusal('NOT_FOUND', 'There is no such upload; it may be finished or canceled.', {
        subject: upload,
      });
    return part.data;
  }

  private async forget(upload: string): Promise<void> {
    if (!/^[0-9a-f]{32}$/.test(upload)) return;
    await rm(this.data(upload), { force: true });
    await rm(this.facts(upload), { force: true });
    this.o.progress(upload, null);
  }

  private inTurn<T>(upload: string, act: () => Promise<T>): Promise<T> {
    const next = (this.turns.get(upload) ?? Promise.resolve()).then(act, act);
    const settled = next
      .catch(() => undefined)
      .finally(() => {
        if (this.turns.get(upload) === settled) this.turns.delete(upload);
      });
    this.turns.set(upload, settled);
    return next;
  }
}
