/** Notifies listeners; an exception in one does not affect the others. */
export class Emitter<T> {
  private readonly listeners = new Set<(value: T) => void>();
  private readonly onError: (error: unknown) => void;

  constructor(
    onError: (error: unknown) => void = (error) => {
      // eslint-disable-next-line no-console -- only if no error handler was given
      console.error(error);
    },
  ) {
    this.onError = onError;
  }

  /** Returns a function that unsubscribes. */
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
