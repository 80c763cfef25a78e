/** Renders the page and connects to the engine. */
import '@fontsource-variable/inter/standard.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import '@mantine/core/styles.css';
import './tokens.css';
import './base.css';
import './library.css';
import '../kit/styles/text.module.css';
import '../kit/styles/layout.module.css';
import '../kit/styles/controls.module.css';
import '../kit/styles/tables.module.css';
import '../kit/styles/notice.module.css';
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { runFeed } from '../engine/index.ts';
import { HostProvider, type Host } from '../host/index.ts';
import { App } from './app.tsx';
import { resolver, theme } from './theme.ts';

export function start(host: Host): void {
  const root = document.getElementById('root');
  if (root === null) throw new Error('the page has no root element');
  void runFeed(host);
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={resolver} defaultColorScheme="auto">
        <HostProvider value={host}>
          <App />
        </HostProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
