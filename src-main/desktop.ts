/** Entry point of Electron's main process. */
import { startDesktop } from './desktop/index.ts';

// Settings, logs and workspaces are for this account alone; the engine inherits it.
process.umask(0o077);
startDesktop();
