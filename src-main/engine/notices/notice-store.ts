/** The last notices, in memory and in `data/notices.json`. */
import { type Notice, Refusal, visibleText } from '../../contract/index.ts';
import { noticesFile, readOrNull, writeFormat } from '../../formats/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import { createSerializer } from '../../kit/serializer.ts';
import type { NoticeText } from './messages.ts';

const KEPT_NOTICES = 50;
const RETRY_SECONDS = 30;

interface StoreOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly random: () => string;
  readonly failed: (where: string, error: unknown) => void;
}

export class NoticeStore {
  readonly changed = new Emitter<void>();
  private readonly options: StoreOptions;
  private notices: readonly Notice[];
  private readonly writes = createSerializer();
  private cancelRetry = (): void => undefined;

  static async open(options: StoreOptions): Promise<NoticeStore> {
    const stored = await readOrNull(options.file, noticesFile);
    return new NoticeStore(options, stored?.notices ?? []);
  }

  private constructor(options: StoreOptions, notices: readonly Notice[]) {
    this.options = options;
    this.notices = notices;
  }

  /** Newest first. */
  list(): readonly Notice[] {
    return this.notices;
  }

  publish(text: NoticeText): void {
    const t = this.options.clock.now();
    const id = `n-${Math.round(t * 1000).toString(36)}-${this.options.random()}`;
    const title = visibleText(text.title);
    const body = visibleText(text.body);
    this.notices = [{ ...text, title, body, id, t, dismissed: false }, ...this.notices].slice(
      0,
      KEPT_NOTICES,
    );
    this.save();
  }

  /** Refusal NOT_FOUND. */
  dismiss(id: string): void {
    if (!this.dismissWhere((notice) => notice.id === id))
      throw new Refusal('NOT_FOUND', 'Notice not found.', { subject: id });
  }

  /** The condition ended. */
  resolve(condition: string): void {
    this.dismissWhere((notice) => notice.condition === condition && !notice.dismissed);
  }

  /** What the notice asked for has been done. */
  dismissTitled(title: string): void {
    this.dismissWhere((notice) => notice.title === title && !notice.dismissed);
  }

  async close(): Promise<void> {
    this.cancelRetry();
    await this.writes.idle();
  }

  /** False when no notice matches. */
  private dismissWhere(matches: (notice: Notice) => boolean): boolean {
    if (!this.notices.some(matches)) return false;
    this.notices = this.notices.map((notice) =>
      matches(notice) ? { ...notice, dismissed: true } : notice,
    );
    this.save();
    return true;
  }

  private save(): void {
    this.changed.emit(undefined);
    const { file, clock, failed } = this.options;
    const notices = [...this.notices];
    void this.writes
      .run(() => writeFormat(file, noticesFile, { notices }))
      .catch((error: unknown) => {
        failed('notices.save', error);
        // A notice about a full disk must not be lost because of the full disk.
        this.cancelRetry();
        this.cancelRetry = clock.after(RETRY_SECONDS, () => {
          this.save();
        });
      });
  }
}
