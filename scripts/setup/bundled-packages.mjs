/** Which packages the program contains: those that its source imports, and what these depend on. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = ['src-main', 'src-preload', 'src-renderer'];
const IMPORT =
  /(?:from|import|@import)\s*\(?\s*['"](?:~)?((?:@[\w.-]+\/)?[\w.-]+)(?:\/[^'"]*)?['"]/g;

/** `text` → the names of the packages that it imports. Pure. */
export const importedPackages = (text) =>
  [...text.matchAll(IMPORT)]
    .map(([, name]) => name)
    .filter((name) => !name.startsWith('node:') && !name.startsWith('.'));

function sourceFiles(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|css|html)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Where Node finds `name` from the package in `folder` of the lock file; null: not installed. */
function resolve(lock, folder, name) {
  for (let parent = folder; ; parent = parent.slice(0, parent.lastIndexOf('node_modules/'))) {
    const place = `${parent.replace(/\/$/, '')}${parent === '' ? '' : '/'}node_modules/${name}`;
    if (lock.packages[place] !== undefined) return place;
    if (!parent.includes('node_modules/')) return null;
    parent = parent.replace(/\/$/, '');
  }
}

/** `[{ name, version, license, folder }]`, by name. */
export function bundledPackages(root) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const found = new Map();
  const add = (folder, name) => {
    const place = resolve(lock, folder, name);
    if (place === null || found.has(place)) return;
    const { version, license, dependencies = {} } = lock.packages[place];
    found.set(place, { name, version, license: license ?? 'see its text', folder: place });
    for (const next of Object.keys(dependencies)) add(place, next);
  };
  // Electron ships its own license and those of Chromium; its dependencies only install it.
  const isBundled = (name) => name !== 'electron';
  for (const file of SOURCES.flatMap((folder) => sourceFiles(join(root, folder))))
    for (const name of importedPackages(readFileSync(file, 'utf8')))
      if (isBundled(name)) add('', name);
  return [...found.values()].sort((a, b) => a.folder.localeCompare(b.folder, 'en'));
}
