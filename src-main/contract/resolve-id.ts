/**
 * What a user typed for an id: `7f3a` for `d-20261201-034107-7f3a`, `3` or `v3` for `v003_faq`. One
 * rule for every command and for the engine. Pure.
 */
import { Refusal } from './refusal.ts';

export interface Identified {
  readonly id: string;
  /** Other names that mean it, such as a file name. They needn't be unique: the first one wins. */
  readonly names?: readonly string[];
}

const MAX_CANDIDATES = 10;

/** `3`, `v3` and `v003` are the version `v003_faq`. */
const numberOf = (text: string): number | null => {
  const digits = /^v?(\d+)$/.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
};
const versionNumberOf = (id: string): number | null => {
  const digits = /^v(\d+)(?:_|$)/.exec(id)?.[1];
  return digits === undefined ? null : Number(digits);
};

/** Parts of an id that can be typed alone: `manual/20261201-034107`, `d-20261201-034107-7f3a`. */
const partsOf = (id: string): readonly string[] => id.split(/[-/_:]/);

/**
 * All that the text can mean: an exact id or name alone, then a version's number, then beginnings of
 * ids and names, then beginnings of the parts of ids.
 */
export function matchesOf<T extends Identified>(typed: string, known: readonly T[]): readonly T[] {
  if (typed === '') return [];
  const exact =
    known.find(({ id }) => id === typed) ?? known.find(({ names }) => names?.includes(typed));
  if (exact !== undefined) return [exact];
  const number = numberOf(typed);
  const rules: readonly ((entry: T) => boolean)[] = [
    ({ id }) => number !== null && versionNumberOf(id) === number,
    ({ id, names = [] }) => [id, ...names].some((name) => name.startsWith(typed)),
    ({ id }) => partsOf(id).some((part) => part.startsWith(typed)),
  ];
  for (const rule of rules) {
    const found = known.filter(rule);
    if (found.length > 0) return found;
  }
  return [];
}

/** null when nothing matches. Refusal INVALID with the candidates when several do. */
export function resolveId<T extends Identified>(
  typed: string,
  known: readonly T[],
  what: string,
): T | null {
  const [found, ...others] = matchesOf(typed, known);
  if (found === undefined) return null;
  if (others.length === 0) return found;
  const candidates = [found, ...others].map(({ id, names: [name] = [] }) =>
    name === undefined ? id : `${id} (${name})`,
  );
  const more = candidates.length - MAX_CANDIDATES;
  const listed = candidates.slice(0, MAX_CANDIDATES).join(', ');
  throw new Refusal('INVALID', `${typed} matches several ${what}s.`, {
    subject: typed,
    next: `Type more of it: ${listed}${more > 0 ? `, and ${String(more)} more` : ''}.`,
  });
}
