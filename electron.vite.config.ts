/**
 * Desktop main, preload and the two pages. Main and preload are CommonJS with every dependency bundled: a sandboxed preload has to
 * be, main then needs no node_modules in the package. `scripts/build.mjs` names the part to build.
 */
import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig, type UserConfig } from 'electron-vite';

const part = process.env['NIGHTSHIFT_BUILD_PART'] ?? 'all';
const at = (path: string) => resolve(import.meta.dirname, path);
const cjs = { format: 'cjs' as const, entryFileNames: '[name].cjs' };

const desktop: UserConfig = {
  main: {
    build: {
      outDir: at('out/main'),
      externalizeDeps: false,
      rolldownOptions: { input: { desktop: at('src-main/desktop.ts') }, output: cjs },
    },
  },
  preload: {
    build: {
      outDir: at('out/preload'),
      externalizeDeps: false,
      rolldownOptions: { input: { bridge: at('src-preload/bridge.ts') }, output: cjs },
    },
  },
};

const renderer: UserConfig = {
  renderer: {
    root: at('src-renderer'),
    plugins: [react()],
    build: {
      outDir: at('out/renderer'),
      emptyOutDir: true,
      rolldownOptions: {
        input: { index: at('src-renderer/index.html'), desktop: at('src-renderer/desktop.html') },
      },
      // The polyfill is an inline script, which the content security policy forbids; no supported browser needs it.
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      // A smaller program is read and compiled sooner; the source maps keep its stacks readable.
      minify: true,
      sourcemap: true,
    },
  },
};

export default defineConfig(
  part === 'desktop' ? desktop : part === 'renderer' ? renderer : { ...desktop, ...renderer },
);
