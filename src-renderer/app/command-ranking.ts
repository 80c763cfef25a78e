/** How well a command answers what was typed. Pure. */

const wordsOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .split(/[\s,.]+/)
    .filter((word) => word !== '');

/** Each typed word begins another word of the name, and they come in the order in which they were typed. */
function beginInOrder(words: readonly string[], typed: readonly string[]): boolean {
  let from = 0;
  for (const name of typed) {
    const at = words.findIndex((word, index) => index >= from && word.startsWith(name));
    if (at === -1) return false;
    from = at + 1;
  }
  return true;
}

/**
 * Between 0 (no answer) and 1. The name's own beginning comes first, then beginnings of its words, then what stands inside of them.
 * Letters that are merely scattered over a name are no answer: `open` is in `Compare two versions`, and nobody means that.
 */
export function rankOf(name: string, search: string): number {
  const typed = wordsOf(search);
  const words = wordsOf(name);
  if (typed.length === 0 || words.join(' ').startsWith(typed.join(' '))) return 1;
  if (beginInOrder(words, typed)) return 0.8;
  if (typed.every((name) => words.some((word) => word.startsWith(name)))) return 0.6;
  return typed.every((name) => words.some((word) => word.includes(name))) ? 0.3 : 0;
}
