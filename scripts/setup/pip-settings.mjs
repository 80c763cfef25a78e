/**
 * Reads pip's settings to pass them on to uv, which ignores them. As in pip, environment variables
 * take precedence over files. All functions but readPipSettings are pure.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './terminal.mjs';

/**
 * Parses the output of `pip config list`: lines such as `global.find-links='/a /b'`; lists are
 * separated by whitespace.
 */
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
const isUsable = (source, exists) => !source.startsWith('file:') || exists(fileURLToPath(source));

/**
 * The package sources for uv and pip. Local folders and file: URLs that do not exist are dropped;
 * unreachable registries are kept, so that their error is shown.
 */
export function pipSettings(config, env, exists = existsSync) {
  const pick = (key) => env[`PIP_${key.toUpperCase().replaceAll('-', '_')}`] ?? config[key];
  return {
    index: list(pick('index-url')).filter((source) => isUsable(source, exists))[0] ?? null,
    extra: list(pick('extra-index-url')).filter((source) => isUsable(source, exists)),
    findLinks: list(pick('find-links')).filter((source) =>
      /^[a-z]+:/.test(source) ? isUsable(source, exists) : exists(source),
    ),
    certificates: pick('cert') ?? null,
  };
}

/**
 * The same sources as options for uv. pip searches all indexes for the highest version; uv does so
 * only with --index-strategy.
 */
export function uvOptions(settings) {
  return [
    ...(settings.index === null ? [] : ['--default-index', settings.index]),
    ...settings.extra.flatMap((source) => ['--index', source]),
    ...(settings.extra.length > 0 ? ['--index-strategy', 'unsafe-best-match'] : []),
    ...settings.findLinks.flatMap((source) => ['--find-links', source]),
  ];
}

/**
 * Path of a CPU wheel of torch in a find-links folder, or null. `tag`: Python tag, such as `cp311`.
 */
export function localTorchWheel(settings, version, tag, listFolder = readdirSync) {
  for (const source of settings.findLinks) {
    const folder = source.startsWith('file:') ? fileURLToPath(source) : source;
    if (/^[a-z]{2,}:/.test(folder)) continue;
    try {
      const name = listFolder(folder).find((file) =>
        file.startsWith(`torch-${version}+cpu-${tag}-`),
      );
      if (name !== undefined) return join(folder, name);
    } catch {
      // Unreadable folders are skipped.
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
