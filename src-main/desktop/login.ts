/**
 * Start at login. Linux: a .desktop file in the autostart folder; macOS and Windows: Electron's
 * login item settings. The state is always read from the system, because users can change it there.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Option of a start at login: only the tray icon is shown. */
export const HIDDEN = '--hidden';

export interface LoginOptions {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The command that starts this application: program, then arguments. */
  readonly command: readonly string[];
  /** Electron's login item settings, for macOS and Windows. */
  readonly system: {
    get(): boolean;
    set(openAtLogin: boolean): void;
  };
}

export interface Login {
  get(): boolean;
  /** Throws the system's error. */
  set(enabled: boolean): void;
}

/** Pure. */
export function autostartFile(env: LoginOptions['env'], home: string): string {
  const xdgConfig = env['XDG_CONFIG_HOME'];
  // The XDG base directory specification requires relative paths to be ignored.
  const config = xdgConfig?.startsWith('/') === true ? xdgConfig : join(home, '.config');
  return join(config, 'autostart', 'nightshift.desktop');
}

/**
 * Quotes a command as the desktop entry specification requires: reserved characters in double
 * quotes, `%` doubled. Pure.
 */
export function execLine(command: readonly string[]): string {
  return command
    .map((part) => {
      const escaped = part.replaceAll('%', '%%');
      if (/^[\w@%+=:,./-]+$/.test(escaped)) return escaped;
      // Escaped twice: for the quoting of Exec, then for string values of the file.
      return `"${escaped.replaceAll(/(["`$\\])/g, '\\$1').replaceAll('\\', '\\\\')}"`;
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
    'Comment=Continuously trains a language model on the datasets you drop',
    `Exec=${execLine([...command, HIDDEN])}`,
    'Icon=nightshift',
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

export function createLogin(options: LoginOptions): Login {
  if (options.platform !== 'linux') return options.system;
  const file = autostartFile(options.env, options.home);
  return {
    get: () => existsSync(file),
    set(enabled) {
      if (!enabled) {
        rmSync(file, { force: true });
        return;
      }
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, autostartText(options.command));
    },
  };
}
