/** The last notices, in memory and in `data/notices.json`. */
import { type Notice, Refusal, visibleText } from '../../contract/index.ts';
import { noticesFile, readOrNull, writeFormat } from '../../formats/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import { createSerializer } from '../../kit/serializer.ts';
import { isAboutDataset, type NoticeText } from './messages.ts';

const KEPT_NOTICES = 50;
const RETRY_SECONDS = 30;

interface StoreOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly random: () => string;
  readonly failed: (where: string, error: unknown) => void;
}

/** Drops what is over first, then information, then single datasets: a hundred refused files don't push out a failure. */
function newest(notices: readonly Notice[]): readonly Notice[] {
  if (notices.length <= KEPT_NOTICES) return notices;
  const least =
    notices.findLast(({ dismissed }) => dismissed) ??
    notices.findLast(({ tone }) => tone === 'info') ??
    notices.findLast(({ condition }) => condition !== undefined && isAboutDataset(condition)) ??
    notices.at(-1);
  return notices.filter((notice) => notice !== least);
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

  /** Returns its id. `isHeldBack`: it is listed, and announced by `announce`. */
  publish(text: NoticeText, isHeldBack = false): string {
    const t = this.options.clock.now();
    const id = `n-${Math.round(t * 1000).toString(36)}-${this.options.random()}`;
    const title = visibleText(text.title);
    const body = visibleText(text.body);
    const held = isHeldBack ? { announced: null } : {};
    this.notices = newest([
      { ...text, title, body, id, t, dismissed: false, ...held },
      // A condition is one fact: what is said about it now replaces what was said before.
      ...this.notices.filter(
        ({ condition, dismissed }) =>
          condition === undefined || dismissed || condition !== text.condition,
      ),
    ]);
    this.save();
    return id;
  }

  /** Those that were held back and are still open. */
  announce(ids: readonly string[]): void {
    const isDue = ({ id, dismissed }: Notice): boolean => !dismissed && ids.includes(id);
    if (!this.notices.some(isDue)) return;
    const announced = this.options.clock.now();
    this.notices = this.notices.map((notice) =>
      isDue(notice) ? { ...notice, announced } : notice,
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
