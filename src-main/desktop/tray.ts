/** The tray: what goes on, in one icon and one line, and the few acts that do not need the window. */
import { join } from 'node:path';
import { Menu, nativeImage, Tray, type NativeImage } from 'electron';
import type { Standing } from './tray-status.ts';

export interface TrayActs {
  readonly pause: () => void;
  readonly resume: () => void;
  readonly open: () => void;
  readonly quit: () => void;
}

export interface NightshiftTray {
  update(standing: Standing): void;
  close(): void;
}

/** The ring is drawn in so many steps. */
const RING_STEPS = 12;
/** A new menu closes the open one on some desktops: progress alone waits this long, a new state never. */
const PROGRESS_MS = 3000;

export function iconFile({ icon, progress }: Standing): string {
  if (icon !== 'training') return `tray-${icon}.png`;
  return `tray-training-${String(Math.round((progress ?? 0) * RING_STEPS)).padStart(2, '0')}.png`;
}

export function openTray(icons: string, first: Standing, acts: TrayActs): NightshiftTray {
  const images = new Map<string, NativeImage>();
  const image = (name: string): NativeImage => {
    const known = images.get(name) ?? nativeImage.createFromPath(join(icons, name));
    images.set(name, known);
    return known;
  };
  const tray = new Tray(image(iconFile(first)));
  let shown: Standing | null = null;
  let shownMs = 0;
  let timer: NodeJS.Timeout | undefined;

  const show = (now: Standing): void => {
    clearTimeout(timer);
    timer = undefined;
    if (shown === null || iconFile(shown) !== iconFile(now)) tray.setImage(image(iconFile(now)));
    tray.setToolTip(`Nightshift: ${now.line}`);
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: now.line, enabled: false },
        { type: 'separator' },
        now.action === 'resume'
          ? { label: 'Resume', click: acts.resume }
          : { label: 'Pause', enabled: now.action !== null, click: acts.pause },
        { label: 'Open', click: acts.open },
        { type: 'separator' },
        { label: 'Quit', click: acts.quit },
      ]),
    );
    [shown, shownMs] = [now, Date.now()];
  };

  tray.on('click', acts.open);
  show(first);
  return {
    update(now) {
      if (shown !== null && now.line === shown.line && sameState(now, shown)) return;
      const wait = shownMs + PROGRESS_MS - Date.now();
      if (shown === null || !sameState(now, shown) || wait <= 0) {
        show(now);
        return;
      }
      clearTimeout(timer);
      timer = setTimeout(show, wait, now);
    },
    close() {
      clearTimeout(timer);
      tray.destroy();
    },
  };
}

const sameState = (a: Standing, b: Standing): boolean =>
  a.icon === b.icon && a.action === b.action && a.state === b.state;
