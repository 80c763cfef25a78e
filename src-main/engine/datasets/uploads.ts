/** Uploads from a browser: resumable, stored in inbox/.part, verified by hash before they become a dataset. */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Priority, Refusal } from '../../contract/index.ts';
import { readOrNull, type UploadPart, uploadPartFile, writeFormat } from '../../formats/index.ts';
import type { Clock } from '../../kit/clock.ts';
import {
  createSerializer,
  openAppend,
  removeInside,
  type Serializer,
  sha256File,
} from '../../kit/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { DiskRoom } from '../disk/index.ts';
import { plainName, refuseName } from './names.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

export interface UploadOptions {
  readonly paths: WorkspacePaths;
  readonly disk: DiskRoom;
  readonly clock: Clock;
  /** null when the upload ended. */
  readonly progress: (
    upload: string,
    state: { readonly part: UploadPart; readonly done: number } | null,
  ) => void;
}

/** Unfinished uploads are removed after a week. */
const KEPT_SECONDS = 7 * 24 * 3600;
/** An upload that nobody continues holds no space back. */
const PROMISED_SECONDS = 600;
const keyOf = (upload: string): string => `upload ${upload}`;
const UPLOAD_ID = /^[0-9a-f]{32}$/;

export class Uploads {
  private readonly options: UploadOptions;
  /** Calls for one upload run one after another. */
  private readonly serializers = new Map<string, Serializer>();
  constructor(options: UploadOptions) {
    this.options = options;
  }

  private dataFile(upload: string): string {
    return path.join(this.options.paths.inboxPart, upload);
  }

  private partFile(upload: string): string {
    return path.join(this.options.paths.inboxPart, `${upload}.json`);
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
    return this.serialized(upload, async () => {
      await mkdir(this.options.paths.inboxPart, { recursive: true });
      let offset = (await stat(this.dataFile(upload)).catch(unlessTemporary(null)))?.size ?? 0;
      if (offset > input.bytes) {
        await this.removeFile(this.dataFile(upload));
        offset = 0;
      }
      await this.options.disk.reserve(
        keyOf(upload),
        input.bytes - offset,
        `the upload of ${name}`,
        { seconds: PROMISED_SECONDS },
      );
      const part: UploadPart = {
        format: 1,
        upload,
        name,
        bytes: input.bytes,
        priority: input.priority,
      };
      await writeFormat(this.partFile(upload), uploadPartFile, part);
      this.options.progress(upload, { part, done: offset });
      return { upload, offset };
    });
  }

  /** Refusal INVALID when `offset` isn't the size received so far, which `facts.offset` has. */
  append(upload: string, offset: number, chunk: Blob): Promise<{ offset: number }> {
    return this.serialized(upload, async () => {
      const part = await this.readPart(upload);
      const handle = await openAppend(this.dataFile(upload));
      try {
        const { size } = await handle.stat();
        if (size !== offset || size + chunk.size > part.bytes)
          throw new Refusal(
            'INVALID',
            `Upload of ${part.name}: ${size} of ${part.bytes} bytes received; a chunk of ${chunk.size} bytes at offset ${offset} doesn't fit.`,
            { subject: part.name, facts: { offset: String(size) } },
          );
        await handle.appendFile(Buffer.from(await chunk.arrayBuffer()));
        const done = size + chunk.size;
        this.options.progress(upload, { part, done });
        await this.keepSpace(part, done);
        return { offset: done };
      } finally {
        await handle.close();
      }
    });
  }

  /** Verifies the file, then calls `accept`, which moves it to the queue. */
  finish<T>(
    upload: string,
    sha256: string,
    accept: (file: string, part: UploadPart) => Promise<T>,
  ): Promise<T> {
    return this.serialized(upload, async () => {
      const part = await this.readPart(upload);
      const file = this.dataFile(upload);
      const size = (await stat(file).catch(unlessTemporary(null)))?.size ?? 0;
      if (size !== part.bytes)
        throw new Refusal(
          'INVALID',
          `Upload of ${part.name} is incomplete: ${size} of ${part.bytes} bytes received.`,
          {
            subject: part.name,
            facts: { offset: String(size) },
          },
        );
      if ((await sha256File(file)) !== sha256) {
        await this.remove(upload);
        throw new Refusal(
          'INVALID',
          `${part.name} was corrupted during the upload (checksum mismatch); the copy was removed.`,
          { subject: part.name, next: 'Upload it again.' },
        );
      }
      const handle = await open(file, 'r+');
      await handle.sync();
      await handle.close();
      const result = await accept(file, part);
      await this.remove(upload);
      return result;
    });
  }

  cancel(upload: string): Promise<void> {
    return this.serialized(upload, () => this.remove(upload));
  }

  /** Removes unfinished uploads that weren't continued for a week; returns their names. */
  async removeStale(): Promise<readonly string[]> {
    const removed: string[] = [];
    for (const name of await readdir(this.options.paths.inboxPart).catch(unlessTemporary([]))) {
      const file = path.join(this.options.paths.inboxPart, name);
      const facts = await stat(file).catch(unlessTemporary(null));
      if (
        facts?.isFile() !== true ||
        this.options.clock.now() - facts.mtimeMs / 1000 < KEPT_SECONDS
      )
        continue;
      await this.removeFile(file);
      removed.push(name);
    }
    return removed;
  }

  /** What is left to write stays promised, also to an upload that continues after a restart. */
  private async keepSpace({ upload, name, bytes }: UploadPart, done: number): Promise<void> {
    const options = { seconds: PROMISED_SECONDS };
    // A disk that is too full by now answers the next write.
    await this.options.disk
      .reserve(keyOf(upload), bytes - done, `the upload of ${name}`, options)
      .catch(() => undefined);
  }

  private async readPart(upload: string): Promise<UploadPart> {
    if (!UPLOAD_ID.test(upload))
      throw new Refusal('NOT_FOUND', 'No such upload.', { subject: upload });
    const part = await readOrNull(this.partFile(upload), uploadPartFile);
    if (part === null)
      throw new Refusal('NOT_FOUND', 'No such upload; it may have finished or been canceled.', {
        subject: upload,
      });
    return part;
  }

  private async remove(upload: string): Promise<void> {
    if (!UPLOAD_ID.test(upload)) return;
    await this.removeFile(this.dataFile(upload));
    await this.removeFile(this.partFile(upload));
    this.options.disk.release(keyOf(upload));
    this.serializers.delete(upload);
    this.options.progress(upload, null);
  }

  private removeFile(file: string): Promise<void> {
    return removeInside(this.options.paths.inbox, file);
  }

  private serialized<T>(upload: string, act: () => Promise<T>): Promise<T> {
    const serializer = this.serializers.get(upload) ?? createSerializer();
    this.serializers.set(upload, serializer);
    return serializer.run(act);
  }
}
