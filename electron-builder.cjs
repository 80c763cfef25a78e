/**
 * The product's package. A module rather than YAML, so that the tests can take it and change what their older runtime needs.
 * The archive holds the window (main, preload, page, icons). Beside it, for programs that are not Electron: Node 24, the engine, the
 * command line, the page for a browser and the trainer's sources; the window copies them out of the package before it runs them.
 */
const { createHash } = require('node:crypto');
const { cpSync, readdirSync, readFileSync, statSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const program = (name) => ({
  from: `out/${name}`,
  to: `out/${name}`,
  filter: ['**/*', '!**/*.map'],
});

/** Names what the window copies: the version, and a hash over the contents. */
function runtimeStamp(resources, version) {
  const hash = createHash('sha256');
  const walk = (path) => {
    if (statSync(path).isDirectory())
      for (const name of readdirSync(path).sort()) walk(join(path, name));
    else hash.update(path.slice(resources.length)).update(readFileSync(path));
  };
  for (const name of ['node', 'out', 'python-runtime']) walk(join(resources, name));
  return `${version}-${hash.digest('hex').slice(0, 12)}`;
}

/** @type {import('electron-builder').Configuration} */
module.exports = {
  appId: 'dev.nightshift.app',
  productName: 'Nightshift',
  npmRebuild: false,
  asar: true,
  directories: { output: 'dist' },
  // Everything is bundled: no node_modules in the archive.
  files: [
    'out/main/**',
    'out/preload/**',
    'out/renderer/**',
    'resources/icons/**',
    'package.json',
    '!**/*.map',
  ],
  extraResources: [
    { from: 'node_modules/node/bin', to: 'node/bin' },
    ...['engine', 'cli'].map(program),
    {
      from: 'python-runtime',
      to: 'python-runtime',
      filter: [
        'nightshift_trainer/**',
        'pyproject.toml',
        'requirements*.txt',
        '!**/__pycache__/**',
      ],
    },
  ],
  afterPack: ({ appOutDir, packager }) => {
    const resources = packager.getResourcesDir(appOutDir);
    // Not by extraResources: what is named there is left out of the archive, and the window needs the page too.
    cpSync(join(__dirname, 'out/renderer'), join(resources, 'out/renderer'), {
      recursive: true,
      filter: (path) => !path.endsWith('.map'),
    });
    writeFileSync(
      join(resources, 'runtime-stamp'),
      `${runtimeStamp(resources, packager.appInfo.version)}\n`,
    );
  },
  electronFuses: {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
  },
  linux: {
    executableName: 'nightshift',
    category: 'Development',
    icon: 'resources/icons/icon-512.png',
    syncDesktopName: true,
    target: ['AppImage', 'deb', 'tar.gz'],
  },
  win: { icon: 'resources/icons/icon-512.png', target: ['nsis'] },
  mac: {
    icon: 'resources/icons/icon-512.png',
    category: 'public.app-category.developer-tools',
    target: ['dmg'],
  },
};
