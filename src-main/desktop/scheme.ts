/** The scheme `app://nightshift/`, which serves only the built page. */
import { readFile } from 'node:fs/promises';
import { extname, isAbsolute, relative, resolve } from 'node:path';

export const SCHEME = 'app';
export const PAGE = 'app://nightshift/';

/**
 * Scripts only from the page, none inline; connections only to this machine. Mantine adds style
 * elements at run time.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  'connect-src ws://127.0.0.1:* http://127.0.0.1:*',
  "worker-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** The file for a URL; null if it is outside the folder or the host is wrong. Pure. */
export function fileOf(folder: string, address: string): string | null {
  const { host, pathname } = new URL(address);
  if (host !== 'nightshift') return null;
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (path.includes('\0')) return null;
  const file = resolve(folder, `.${path === '/' ? '/desktop.html' : path}`);
  const inside = relative(folder, file);
  return inside.startsWith('..') || isAbsolute(inside) ? null : file;
}

/** Serves a request of the scheme from the folder of the built page. */
export async function servePage(folder: string, address: string): Promise<Response> {
  const file = fileOf(folder, address);
  const body = file === null ? null : await readFile(file).catch(() => null);
  const headers = {
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  };
  if (file === null || body === null) return new Response('Not found', { status: 404, headers });
  return new Response(new Uint8Array(body), {
    headers: {
      ...headers,
      'content-type': contentTypes[extname(file)] ?? 'application/octet-stream',
    },
  });
}
