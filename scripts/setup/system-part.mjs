/**
 * Installs Debian packages that only the tests need (a browser, a virtual display, libraries of
 * Electron), if they are missing and the user is root. Otherwise lists what is missing; tests that
 * need it are skipped with a reason.
 */
import { existsSync } from 'node:fs';
import { log, run } from './terminal.mjs';

/**
 * Package and a file it installs. The file decides, because package names differ between Debian and
 * Ubuntu (t64 suffix).
 */
const packages = {
  chromium: ['/usr/bin/chromium', '/usr/bin/chromium-browser'],
  xvfb: ['/usr/bin/Xvfb'],
  'dbus-daemon': ['/usr/bin/dbus-daemon'],
};
const libraries = {
  'libgtk-3-0': 'libgtk-3.so.0',
  libnss3: 'libnss3.so',
  libnotify4: 'libnotify.so.4',
  libasound2: 'libasound.so.2',
  libgbm1: 'libgbm.so.1',
  libcups2: 'libcups.so.2',
  libxkbcommon0: 'libxkbcommon.so.0',
  'libatspi2.0-0': 'libatspi.so.0',
  libdrm2: 'libdrm.so.2',
};

async function missing() {
  const known = await run('ldconfig', ['-p'], { quiet: true });
  return [
    ...Object.entries(packages).filter(([, files]) => !files.some(existsSync)),
    ...Object.entries(libraries).filter(([, file]) => !known.output.includes(file)),
  ].map(([name]) => name);
}

export async function setUpSystem() {
  if (process.platform !== 'linux') return;
  const names = await missing();
  if (names.length === 0) return log('System packages: up to date');
  const canInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (!canInstall)
    return log(`System packages: missing ${names.join(', ')}; tests that need them are skipped`);
  log(`System packages: installing ${names.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { quiet: true, env });
  const all = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], {
    quiet: true,
    env,
  });
  // If the release lacks one of the packages, install the others one by one.
  if (all.code !== 0)
    for (const name of names)
      await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], {
        quiet: true,
        env,
      });
  const remaining = await missing();
  log(
    remaining.length === 0
      ? 'System packages: installed'
      : `System packages: not available: ${remaining.join(', ')}`,
  );
}
