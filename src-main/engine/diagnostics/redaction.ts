/**
 * Removes secrets, names, paths and quoted texts from a text. Lines of unknown form were removed before
 * (allow-list.ts). Pure.
 */
import { createHmac } from 'node:crypto';

export interface Secrets {
  readonly home: string;
  readonly workspace: string;
  /** The engine's access token; also the key of the name hashes. */
  readonly token: string;
  /** File, dataset, version and model names to hash; empty when names may be included. */
  readonly names: readonly string[];
  /** Prompts and answers of previews. */
  readonly texts: readonly string[];
}

export interface Redaction {
  /** The text without anything that must not leave the machine. */
  sentence(text: string): string;
  /** E.g. `name-1a2b3c4d.jsonl`; the same for the same name in one workspace. */
  name(name: string): string;
  /** What a finished text contains that it must not; null: nothing. */
  leak(text: string): string | null;
}

const SHORTEST_TEXT = 12;
const SHORTEST_NAME = 4;

/** Patterns of common secrets. */
const SECRET_PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, '$1 [secret]'],
  [/\b(hf_|sk-|gh[pousr]_|github_pat_|xox[abprs]-|glpat-)[\w-]{6,}/g, '[secret]'],
  [/\bAKIA[0-9A-Z]{12,}\b/g, '[secret]'],
  [/\beyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?/g, '[secret]'],
  [
    /\b([\w-]*(?:password|passwd|secret|token|api[_-]?key|ticket|authorization|cookie|credential)s?)(["']?\s*[:=]\s*["']?)[^\s"',;&)]+/gi,
    '$1$2[secret]',
  ],
  [/\/\/[^\s/@:]+:[^\s/@]+@/g, '//[secret]@'],
  [/[\w.+-]+@[\w-]+\.[\w.-]+/g, '[address]'],
  // A long run of letters of both cases and digits is probably a key.
  [/(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{32,}/g, '[secret]'],
];

/** Paths inside the program and its packages. */
const OWN_PATHS =
  /(?:site-packages|dist-packages|nightshift_trainer|python3\.\d+|out\/engine|src-main|node_modules)\/[\w./+-]*$/;

const QUOTED = /(["'`“«])((?:(?!\1|["”»])[^\n\\]|\\.)*)(["'`”»])/g;

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

export function createRedaction(secrets: Secrets): Redaction {
  const names = [...new Set(secrets.names)]
    .filter((name) => name.length >= SHORTEST_NAME)
    .sort((a, b) => b.length - a.length);
  const texts = [...new Set(secrets.texts.flatMap((text) => text.split('\n')))]
    .map((text) => text.trim())
    .filter((text) => text.length >= SHORTEST_TEXT)
    .sort((a, b) => b.length - a.length);
  const hashed = names.length > 0;

  const name = (given: string): string => {
    const digest = createHmac('sha256', secrets.token || 'nightshift')
      .update(given)
      .digest('hex');
    const ending =
      /\.(?:jsonl|ndjson|json|csv|tsv|txt|parquet)(?:\.(?:gz|zst))?$/i.exec(given)?.[0] ?? '';
    return `name-${digest.slice(0, 8)}${ending.toLowerCase()}`;
  };
  const places: readonly (readonly [string, string])[] = (
    [
      [secrets.workspace, '<workspace>'],
      [secrets.home, '~'],
    ] as const
  ).filter(([place]) => place.length > 1);

  function paths(text: string): string {
    let out = text;
    for (const [place, short] of places) out = out.replaceAll(place, short);
    return out
      .replaceAll(/(?:\/home\/|\/Users\/|[A-Za-z]:\\Users\\)[^\s/\\'":]+/g, '~')
      .replaceAll(/(?:~|<workspace>|file:\/\/)?(?:\/[^\s'":,;()/]+)+/g, (path) => {
        const own = OWN_PATHS.exec(path)?.[0];
        if (own !== undefined) return `…/${own}`;
        const known =
          /^<workspace>\/(?:config\.json|(?:logs|journal|status|runs|current_model|data|queue|inbox|models)(?=\/|$))/.exec(
            path,
          )?.[0];
        if (known === path) return path;
        if (!hashed && known !== undefined) return path;
        const last = path.slice(path.lastIndexOf('/') + 1);
        return `${known ?? ''}/…/${hashed ? name(last) : last}`;
      });
  }

  return {
    name: (given) => (hashed ? name(given) : given),
    sentence(text) {
      let out = secrets.token === '' ? text : text.replaceAll(secrets.token, '[secret]');
      for (const text of texts)
        out = out.replaceAll(text, `[text, ${String(text.length)} characters]`);
      for (const [pattern, replacement] of SECRET_PATTERNS) out = out.replace(pattern, replacement);
      out = paths(out);
      out = out.replace(QUOTED, (whole, open: string, inside: string, close: string) =>
        inside.length > 24 || /\s/.test(inside)
          ? `${open}[text, ${String(inside.length)} characters]${close}`
          : whole,
      );
      for (const text of names)
        out = out.replace(new RegExp(`(?<![\\w-])${escaped(text)}(?![\\w-])`, 'gi'), name(text));
      return out;
    },
    leak(text) {
      if (secrets.token !== '' && text.includes(secrets.token)) return 'the token of the engine';
      if (secrets.home.length > 1 && text.includes(`${secrets.home}/`)) return 'the home folder';
      if (texts.some((name) => text.includes(name))) return 'a prompt or an answer';
      const named = names.find((name) => /\.\w+$/.test(name) && text.includes(name));
      return named === undefined ? null : 'the name of a file';
    },
  };
}
