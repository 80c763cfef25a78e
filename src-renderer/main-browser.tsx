/** The page as the engine serves it to a browser. */
import { start } from './app/index.ts';
import { createBrowserHost } from './host/browser.ts';

start(createBrowserHost());
