/** Runs tasks one after another, in the order of the calls. */

export interface Serializer {
  /** The task's own result or error; a task that fails doesn't stop those after it. */
  run<T>(task: () => T | Promise<T>): Promise<T>;
  /** Resolves when every task so far has ended. Never rejects. */
  idle(): Promise<void>;
}

export function createSerializer(): Serializer {
  let last: Promise<void> = Promise.resolve();
  return {
    run<T>(task: () => T | Promise<T>): Promise<T> {
      const result = last.then(task);
      last = result.then(
        () => undefined,
        () => undefined,
      );
      return result;
    },
    idle: () => last,
  };
}
