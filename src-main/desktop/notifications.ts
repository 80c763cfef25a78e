/** Notifications of the system. A click shows the window at the screen that the notice opens. */
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
  // A notification that nobody holds is collected, and its click with it.
  const held = new Set<Notification>();
  return {
    show({ title, body, opens }) {
      if (!Notification.isSupported()) return;
      const notification = new Notification({
        title,
        body: options.platform === 'linux' ? escapeMarkup(body) : body,
        icon: options.icon,
      });
      held.add(notification);
      notification.on('click', () => {
        held.delete(notification);
        options.open(opens);
      });
      notification.on('close', () => {
        held.delete(notification);
      });
      notification.show();
    },
  };
}
