/** Hook of electron-builder.yml: what its `extraResources` can't express. */
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** Names the runtime that the window copies out of the package: the version, and a hash over the contents. */
export function runtimeStamp(resources, version) {
  const hash = createHash('sha256');
  const add = (path) => {
    if (statSync(path).isDirectory())
      for (const name of readdirSync(path).sort()) add(join(path, name));
    else hash.update(path.slice(resources.length)).update(readFileSync(path));
  };
  for (const name of ['node', 'out', 'python-runtime']) add(join(resources, name));
  return `${version}-${hash.digest('hex').slice(0, 12)}`;
}

/** @param {import('electron-builder').AfterPackContext} context */
export function afterPack({ appOutDir, packager }) {
  const resources = packager.getResourcesDir(appOutDir);
  // Not by extraResources: what is named there is left out of the archive, and the window needs the page too.
  cpSync(join(root, 'out', 'renderer'), join(resources, 'out', 'renderer'), {
    recursive: true,
    filter: (path) => !path.endsWith('.map'),
  });
  writeFileSync(
    join(resources, 'runtime-stamp'),
    `${runtimeStamp(resources, packager.appInfo.version)}\n`,
  );
}
