/** Ranks commands by how well they match the typed text. Pure. */

const wordsOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .split(/[\s,.]+/)
    .filter((word) => word !== '');

/** Each typed word is a prefix of another word of the name, in the same order. */
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
 * 0 (no match) to 1. A prefix of the name ranks first, then prefixes of its words, then substrings. Scattered letters don't match:
 * `open` would match `Compare two versions`.
 */
export function rankOf(name: string, search: string): number {
  const typed = wordsOf(search);
  const words = wordsOf(name);
  if (typed.length === 0 || words.join(' ').startsWith(typed.join(' '))) return 1;
  if (beginInOrder(words, typed)) return 0.8;
  if (typed.every((name) => words.some((word) => word.startsWith(name)))) return 0.6;
  return typed.every((name) => words.some((word) => word.includes(name))) ? 0.3 : 0;
}
