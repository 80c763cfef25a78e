/** News: many listeners, none of which can harm another. */
export class Emitter<T> {
  private readonly listeners = new Set<(value: T) => void>();
  private readonly onError: (error: unknown) => void;

  constructor(
    onError: (error: unknown) => void = (error) => {
      // eslint-disable-next-line no-console -- only where nobody said how to report
      console.error(error);
    },
  ) {
    this.onError = onError;
  }

  /** Listens until the returned function is called. */
  on(listener: (value: T) => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  emit(value: T): void {
    for (const listener of [...this.listeners]) {
      try {
        listener(value);
      } catch (error) {
        this.onError(error);
      }
    }
  }
}
