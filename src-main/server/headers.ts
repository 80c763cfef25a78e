/** The security headers of every response. */

/**
 * Scripts only from the engine, none inline, no eval. Inline styles are allowed: Mantine adds style
 * elements at run time, and the page is a static file without a per-response nonce. Inline styles
 * can't run code.
 */
export function contentSecurityPolicy(port: number): string {
  // A policy can't contain an IPv6 address; there only 'self' applies.
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
