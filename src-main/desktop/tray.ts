/** The tray icon with its status and its menu. */
import { join } from 'node:path';
import { Menu, nativeImage, Tray, type NativeImage } from 'electron';
import type { TrayStatus } from './tray-status.ts';

export interface TrayActions {
  readonly pause: () => void;
  readonly resume: () => void;
  readonly open: () => void;
  readonly quit: () => void;
}

export interface NightshiftTray {
  update(status: TrayStatus): void;
  close(): void;
}

/** Number of steps of the progress ring, one icon file each. */
const RING_STEPS = 12;
/**
 * Some desktops close an open menu when it is replaced, so progress alone updates it at most this
 * often.
 */
const PROGRESS_MS = 3000;

export function iconFile({ icon, progress }: TrayStatus): string {
  if (icon !== 'training') return `tray-${icon}.png`;
  return `tray-training-${String(Math.round((progress ?? 0) * RING_STEPS)).padStart(2, '0')}.png`;
}

export function openTray(icons: string, first: TrayStatus, actions: TrayActions): NightshiftTray {
  const images = new Map<string, NativeImage>();
  const image = (name: string): NativeImage => {
    const cached = images.get(name) ?? nativeImage.createFromPath(join(icons, name));
    images.set(name, cached);
    return cached;
  };
  const tray = new Tray(image(iconFile(first)));
  let shown: TrayStatus | null = null;
  let shownMs = 0;
  let timer: NodeJS.Timeout | undefined;

  const show = (status: TrayStatus): void => {
    clearTimeout(timer);
    timer = undefined;
    if (shown === null || iconFile(shown) !== iconFile(status))
      tray.setImage(image(iconFile(status)));
    tray.setToolTip(`Nightshift: ${status.label}`);
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: status.label, enabled: false },
        { type: 'separator' },
        status.action === 'resume'
          ? { label: 'Resume', click: actions.resume }
          : { label: 'Pause', enabled: status.action !== null, click: actions.pause },
        { label: 'Open', click: actions.open },
        { type: 'separator' },
        { label: 'Quit', click: actions.quit },
      ]),
    );
    shown = status;
    shownMs = Date.now();
  };

  tray.on('click', actions.open);
  show(first);
  return {
    update(status) {
      if (shown !== null && status.label === shown.label && isSameState(status, shown)) return;
      const waitMs = shownMs + PROGRESS_MS - Date.now();
      if (shown === null || !isSameState(status, shown) || waitMs <= 0) {
        show(status);
        return;
      }
      clearTimeout(timer);
      timer = setTimeout(show, waitMs, status);
    },
    close() {
      clearTimeout(timer);
      tray.destroy();
    },
  };
}

const isSameState = (a: TrayStatus, b: TrayStatus): boolean =>
  a.icon === b.icon && a.action === b.action && a.state === b.state;
