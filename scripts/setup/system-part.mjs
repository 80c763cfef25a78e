/**
 * Debian packages that only the tests need (a browser, a virtual display, the libraries of Electron). Asked for in the set-up of
 * tests alone, only what is missing, only as root; elsewhere what is missing is named and the tests that need it say so.
 */
import { existsSync } from 'node:fs';
import { run, say } from './terminal.mjs';

/** Package -> a file that shows it is there (Debian and Ubuntu names differ for the t64 libraries: the file decides). */
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
  if (names.length === 0) return say('System packages: all there');
  const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (!mayInstall)
    return say(
      `System packages: missing ${names.join(', ')}; the tests that need them will say so`,
    );
  say(`System packages: installing ${names.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { quiet: true, env });
  const all = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], {
    quiet: true,
    env,
  });
  // One name that this release does not know must not cost the others.
  if (all.code !== 0)
    for (const name of names)
      await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], {
        quiet: true,
        env,
      });
  const still = await missing();
  say(
    still.length === 0
      ? 'System packages: installed'
      : `System packages: could not be had: ${still.join(', ')}`,
  );
}
