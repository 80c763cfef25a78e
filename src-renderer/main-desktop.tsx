/** The page inside the desktop window; the preload has put the bridge in place. */
import { start } from './app/index.ts';
import { createDesktopHost } from './host/desktop.ts';

start(createDesktopHost(window.nightshift));
