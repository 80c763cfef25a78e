/** Questions on the terminal, and lines of a piped input. */
import { createInterface, type Interface } from 'node:readline';

export interface Prompts {
  readonly ask: (question: string) => Promise<string | null>;
  /** Lets the process end. */
  close(): void;
}

/** Reads the input only once something is asked. The question goes to the error output: answers can be piped. */
export function createPrompts(
  input: NodeJS.ReadStream = process.stdin,
  output: NodeJS.WriteStream = process.stderr,
): Prompts {
  let lines: { readonly reader: Interface; readonly next: AsyncIterator<string> } | null = null;
  const open = () => {
    const reader = createInterface({ input, output, terminal: input.isTTY });
    // On a terminal readline reads Ctrl-C as a key: it ends the questions like Ctrl-D.
    reader.on('SIGINT', () => {
      reader.close();
      process.kill(process.pid, 'SIGINT');
    });
    return { reader, next: reader[Symbol.asyncIterator]() };
  };
  return {
    async ask(question) {
      lines ??= open();
      lines.reader.setPrompt(question);
      if (question !== '') lines.reader.prompt();
      const line = (await lines.next.next()) as IteratorResult<string, undefined>;
      return line.done === true ? null : line.value;
    },
    close() {
      lines?.reader.close();
      if (lines !== null) input.unref();
    },
  };
}
