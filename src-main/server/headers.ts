/** The security headers of every answer. */

/**
 * Scripts come from the engine alone, none inline, no eval. Styles may be inline: Mantine writes its theme variables and the
 * sizes of responsive props into style elements while it runs, and the page is a static file, so a nonce that is new for
 * each answer cannot be in it. Inline styles cannot run code.
 */
export function contentSecurityPolicy(port: number): string {
  // An IPv6 address cannot be written in a policy; there, 'self' is all a browser has to go by.
  const sockets = ['127.0.0.1', 'localhost'].map((name) => `ws://${name}:${String(port)}`);
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src 'self' ${sockets.join(' ')}`,
    "worker-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

export function securityHeaders(port: number): Readonly<Record<string, string>> {
  return {
    'content-security-policy': contentSecurityPolicy(port),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  };
}
