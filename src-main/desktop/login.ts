/**
 * Starting at login. Linux: a .desktop file in the autostart folder, as the desktops read it; macOS and Windows: Electron's own way.
 * The system's own record is the truth, not what was remembered.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The window stays in the tray when it is started by the system. */
export const HIDDEN = '--hidden';

export interface LoginSurroundings {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** What starts this application: program, then arguments. */
  readonly command: readonly string[];
  /** Electron's own, for macOS and Windows. */
  readonly system: {
    get(): boolean;
    set(openAtLogin: boolean): void;
  };
}

export interface Login {
  get(): boolean;
  /** Throws with the system's reason. */
  set(wanted: boolean): void;
}

/** Pure. */
export function autostartFile(env: LoginSurroundings['env'], home: string): string {
  const named = env['XDG_CONFIG_HOME'];
  // The specification of base directories: a path that is not absolute is to be ignored.
  const config = named?.startsWith('/') === true ? named : join(home, '.config');
  return join(config, 'autostart', 'nightshift.desktop');
}

/** Quoted as the specification of desktop entries wants it: reserved signs in double quotes, `%` doubled. Pure. */
export function execLine(command: readonly string[]): string {
  return command
    .map((part) => {
      const doubled = part.replaceAll('%', '%%');
      if (/^[\w@%+=:,./-]+$/.test(doubled)) return doubled;
      // Two levels: the string escape of the file, and the quoting of Exec.
      return `"${doubled.replaceAll(/(["`$\\])/g, '\\$1').replaceAll('\\', '\\\\')}"`;
    })
    .join(' ');
}

/** Pure. */
export function autostartText(command: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Version=1.0',
    'Name=Nightshift',
    'Comment=Keeps a language model training on dropped datasets',
    `Exec=${execLine([...command, HIDDEN])}`,
    'Icon=nightshift',
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

export function createLogin(options: LoginSurroundings): Login {
  if (options.platform !== 'linux') return options.system;
  const file = autostartFile(options.env, options.home);
  return {
    get: () => existsSync(file),
    set(wanted) {
      if (!wanted) {
        rmSync(file, { force: true });
        return;
      }
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, autostartText(options.command));
    },
  };
}
