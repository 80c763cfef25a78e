/** Desktop notifications. A click opens the window at the screen of the notice. */
import { Notification } from 'electron';
import type { Screen } from '../contract/index.ts';
import { escapeMarkup, type Announcement } from './fresh-notices.ts';

export interface Notifications {
  show(announcement: Announcement): void;
}

export function createNotifications(options: {
  readonly icon: string;
  readonly platform: string;
  readonly open: (screen: Screen) => void;
}): Notifications {
  // Referenced until closed: a garbage-collected notification no longer reports clicks.
  const active = new Set<Notification>();
  return {
    show({ title, body, opens }) {
      if (!Notification.isSupported()) return;
      const notification = new Notification({
        title,
        body: options.platform === 'linux' ? escapeMarkup(body) : body,
        icon: options.icon,
      });
      active.add(notification);
      notification.on('click', () => {
        active.delete(notification);
        options.open(opens);
      });
      notification.on('close', () => {
        active.delete(notification);
      });
      notification.show();
    },
  };
}
