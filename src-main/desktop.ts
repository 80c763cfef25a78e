/** The desktop application's entry: Electron's main process. */
import { startDesktop } from './desktop/index.ts';

startDesktop();
