/**
 * A desktop session for tests: a display (Xvfb) and a private D-Bus with a tray host
 * (StatusNotifierWatcher), a notification server and a session manager. They record what the
 * application shows and simulate user input.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Message, sessionBus, Variant, type MessageBus } from '@jellybrick/dbus-next';

const WATCHER = 'org.kde.StatusNotifierWatcher';
const ITEM = 'org.kde.StatusNotifierItem';
const MENU = 'com.canonical.dbusmenu';
const SESSION = 'org.gnome.SessionManager';
const NOTES = 'org.freedesktop.Notifications';
const PROPERTIES = 'org.freedesktop.DBus.Properties';
// Without <servicedir>, no other service, such as the machine's own notification daemon, can be
// activated.
const configuration = (folder: string): string =>
  `<busconfig><type>session</type><listen>unix:dir=${folder}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`;

export interface TrayItem {
  readonly id: number;
  readonly label: string;
  readonly enabled: boolean;
}
export interface ShownNotification {
  readonly id: number;
  readonly title: string;
  readonly body: string;
}

export class DesktopSession {
  /** Tray items in the order of their registration. */
  readonly items: { readonly service: string; readonly path: string }[] = [];
  readonly notifications: ShownNotification[] = [];
  /** Active sleep inhibitors: cookie and reason. */
  readonly inhibitors = new Map<number, string>();
  /** Environment variables for the application. */
  readonly env: Readonly<Record<string, string>>;
  private nextId = 1;
  private readonly folder: string;
  private readonly processes: readonly ChildProcess[];
  private readonly bus: MessageBus;

  private constructor(
    folder: string,
    processes: readonly ChildProcess[],
    env: DesktopSession['env'],
  ) {
    this.folder = folder;
    this.processes = processes;
    this.env = env;
    this.bus = sessionBus({ busAddress: env['DBUS_SESSION_BUS_ADDRESS'] ?? '' });
  }

  static async start(): Promise<DesktopSession> {
    const folder = mkdtempSync(join(tmpdir(), 'desktop-session-'));
    writeFileSync(join(folder, 'bus.conf'), configuration(folder));
    const daemon = spawn(
      'dbus-daemon',
      [`--config-file=${folder}/bus.conf`, '--nofork', '--print-address=1'],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const xvfb = spawn(
      'Xvfb',
      ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
    );
    const address = await firstLine(daemon, daemon.stdout);
    const display = await firstLine(xvfb, xvfb.stdio[3] as Readable);
    const session = new DesktopSession(folder, [daemon, xvfb], {
      DISPLAY: `:${display}`,
      DBUS_SESSION_BUS_ADDRESS: address,
    });
    await new Promise<void>((done, fail) => {
      session.bus.once('connect', () => {
        done();
      });
      session.bus.once('error', ((error: unknown) => {
        fail(error as Error);
      }) as never);
    });
    session.bus.addMethodHandler((message) => session.answer(message));
    // The watcher must own its name before the application creates its tray icon.
    for (const name of [NOTES, SESSION, WATCHER]) await session.bus.requestName(name, 0);
    return session;
  }

  stop(): void {
    this.bus.disconnect();
    for (const process of this.processes) process.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Clicks a notification. */
  click(notification: ShownNotification): void {
    this.bus.send(
      Message.newSignal('/org/freedesktop/Notifications', NOTES, 'ActionInvoked', 'us', [
        notification.id,
        'default',
      ]),
    );
  }

  /** Left-clicks the tray icon. */
  async activateTray(): Promise<void> {
    const { service, path } = this.item();
    await this.call(service, path, ITEM, 'Activate', 'ii', [0, 0]);
  }

  async tooltip(): Promise<string> {
    const { ToolTip, Title } = await this.trayProperties();
    return Array.isArray(ToolTip) ? String(ToolTip[2]) : String(Title);
  }

  /** The top level of the tray menu. */
  async trayMenu(): Promise<readonly TrayItem[]> {
    const menu = String((await this.trayProperties())['Menu']);
    const [, layout] = await this.call(this.item().service, menu, MENU, 'GetLayout', 'iias', [
      0,
      -1,
      [],
    ]);
    const [, , children] = layout as [number, unknown, { value: [number, Dict, unknown] }[]];
    return children.map(({ value: [id, properties] }) => {
      const { label, enabled } = plain(properties);
      return { id, label: typeof label === 'string' ? label : '', enabled: enabled !== false };
    });
  }

  /**
   * Item ids change whenever the menu is rebuilt, so the item is found by label. If the menu was
   * rebuilt in between, the click fails and is repeated.
   */
  async clickTrayMenu(label: string, attempts = 3): Promise<void> {
    const menu = String((await this.trayProperties())['Menu']);
    const item = (await this.trayMenu()).find((item) => item.label === label && item.enabled);
    if (item === undefined) throw new Error(`the tray menu has no enabled item '${label}'`);
    const event = [item.id, 'clicked', new Variant('i', 0), 0];
    try {
      await this.call(this.item().service, menu, MENU, 'Event', 'isvu', event);
    } catch (error) {
      // 'Quit' may end the application before it answers.
      if (String(error).includes('disconnected')) return;
      if (attempts === 1 || !String(error).includes('error occurred in Event')) throw error;
      await this.clickTrayMenu(label, attempts - 1);
    }
  }

  /** The desktop registers its tray item a moment after its window. */
  get hasTray(): boolean {
    return this.items.length > 0;
  }

  private item(): { readonly service: string; readonly path: string } {
    const item = this.items.at(-1);
    if (item === undefined) throw new Error('there is no tray item');
    return item;
  }

  private async trayProperties(): Promise<Record<string, unknown>> {
    const { service, path } = this.item();
    const [properties] = await this.call(service, path, PROPERTIES, 'GetAll', 's', [ITEM]);
    return plain(properties as Dict);
  }

  private async call(
    destination: string,
    path: string,
    iface: string,
    member: string,
    signature: string,
    body: unknown[],
  ): Promise<unknown[]> {
    const message = new Message({ destination, path, interface: iface, member, signature, body });
    const answer = await this.bus.call(message);
    return (answer?.body ?? []) as unknown[];
  }

  private answer(message: Message): boolean {
    const reply = (signature = '', body: unknown[] = []): true => {
      this.bus.send(Message.newMethodReturn(message, signature, body));
      return true;
    };
    const body = message.body as unknown[];
    switch (`${message.interface ?? ''}.${message.member ?? ''}`) {
      case `${WATCHER}.RegisterStatusNotifierItem`: {
        // A bus name, or an object path of the caller.
        const named = String(body[0]);
        this.items.push(
          named.startsWith('/')
            ? { service: message.sender ?? '', path: named }
            : { service: named, path: '/StatusNotifierItem' },
        );
        return reply();
      }
      case `${PROPERTIES}.Get`:
        return body[0] === WATCHER && reply('v', [this.watcher(String(body[1]))]);
      case `${PROPERTIES}.GetAll`:
        return body[0] === WATCHER && reply('a{sv}', [this.watcherProperties()]);
      case `${SESSION}.Inhibit`:
        this.inhibitors.set(this.nextId, String(body[2]));
        return reply('u', [this.nextId++]);
      case `${SESSION}.Uninhibit`:
        this.inhibitors.delete(Number(body[0]));
        return reply();
      case `${NOTES}.GetCapabilities`:
        return reply('as', [['actions', 'body', 'body-markup', 'persistence']]);
      case `${NOTES}.GetServerInformation`:
        return reply('ssss', ['test', 'nightshift', '1', '1.2']);
      case `${NOTES}.CloseNotification`:
        return reply();
      case `${NOTES}.Notify`: {
        const id = Number(body[1]) || this.nextId++;
        this.notifications.push({ id, title: String(body[3]), body: String(body[4]) });
        return reply('u', [id]);
      }
    }
    return false;
  }

  private watcherProperties(): Record<string, Variant> {
    const items = this.items.map((item) => item.service + item.path);
    return {
      IsStatusNotifierHostRegistered: new Variant('b', true),
      ProtocolVersion: new Variant('i', 0),
      RegisteredStatusNotifierItems: new Variant('as', items),
    };
  }
  private watcher(name: string): Variant {
    return this.watcherProperties()[name] ?? new Variant('b', false);
  }
}

type Dict = Record<string, { value: unknown }>;
const plain = (dict: Dict): Record<string, unknown> =>
  Object.fromEntries(Object.entries(dict).map(([key, entry]) => [key, entry.value]));

async function firstLine(process: ChildProcess, stream: Readable): Promise<string> {
  const data = await new Promise<unknown>((done, fail) => {
    stream.once('data', done);
    process.once('error', fail);
    process.once('exit', () => {
      fail(new Error(`${process.spawnfile} ended`));
    });
  });
  return String(data).trim();
}
