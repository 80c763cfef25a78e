/**
 * pip's settings, read so that they can be passed on: uv ignores them. Sources in the order of pip: environment before files.
 * Pure but for the reader at the end.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './terminal.mjs';

/** Parses `pip config list`: lines of `global.find-links='/a /b'`, lists divided by blanks or newlines. */
export function parsePipConfig(text) {
  const out = {};
  for (const line of text.split('\n')) {
    const match = /^(global|install|:env:)\.([a-z-]+)=(['"])(.*)\3\s*$/.exec(line.trim());
    if (match === null) continue;
    const [, source, key, , raw] = match;
    const value = raw.replace(/\\n/g, ' ').trim();
    if (source === ':env:' || out[key] === undefined) out[key] = value;
  }
  return out;
}

const list = (text) => (text ?? '').split(/\s+/).filter((item) => item !== '');
const isUsable = (place, exists) => !place.startsWith('file:') || exists(fileURLToPath(place));

/**
 * What uv and pip are told. Local folders and file: addresses that do not exist are left out; a registry that is only
 * unreachable stays, so that its failure is seen.
 */
export function pipSettings(config, env, exists = existsSync) {
  const pick = (key) => env[`PIP_${key.toUpperCase().replaceAll('-', '_')}`] ?? config[key];
  return {
    index: list(pick('index-url')).filter((place) => isUsable(place, exists))[0] ?? null,
    extra: list(pick('extra-index-url')).filter((place) => isUsable(place, exists)),
    findLinks: list(pick('find-links')).filter((place) =>
      /^[a-z]+:/.test(place) ? isUsable(place, exists) : exists(place),
    ),
    certificates: pick('cert') ?? null,
  };
}

/** The same settings as options of uv. pip looks in all indexes for the best version; uv has to be told to. */
export function uvOptions(settings) {
  return [
    ...(settings.index === null ? [] : ['--default-index', settings.index]),
    ...settings.extra.flatMap((place) => ['--index', place]),
    ...(settings.extra.length > 0 ? ['--index-strategy', 'unsafe-best-match'] : []),
    ...settings.findLinks.flatMap((place) => ['--find-links', place]),
  ];
}

/** A CPU wheel of torch for this Python in a find-links folder, or null. `tag` is `cp311`. */
export function localTorchWheel(settings, version, tag, listFolder = readdirSync) {
  for (const place of settings.findLinks) {
    const folder = place.startsWith('file:') ? fileURLToPath(place) : place;
    if (/^[a-z]{2,}:/.test(folder)) continue;
    try {
      const name = listFolder(folder).find((file) =>
        file.startsWith(`torch-${version}+cpu-${tag}-`),
      );
      if (name !== undefined) return join(folder, name);
    } catch {
      // A folder that cannot be read holds nothing for us.
    }
  }
  return null;
}

export async function readPipSettings(python) {
  const answer = await run(python[0], [...python.slice(1), '-m', 'pip', 'config', 'list'], {
    quiet: true,
  });
  return pipSettings(answer.code === 0 ? parsePipConfig(answer.output) : {}, process.env);
}
