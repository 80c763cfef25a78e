/** Entry point of Electron's main process. */
import { startDesktop } from './desktop/index.ts';

startDesktop();
