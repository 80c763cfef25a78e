/** Splits generated text into its think block and the answer. */
export function splitThinking(text: string): {
  readonly think: string | null;
  readonly answer: string;
} {
  const match = /^\s*<think>([\s\S]*?)(?:<\/think>|$)\s*/.exec(text);
  return match === null || match[1]?.trim() === ''
    ? { think: null, answer: match === null ? text : text.slice(match[0].length) }
    : { think: match[1]?.trim() ?? '', answer: text.slice(match[0].length) };
}
