// TEST ONLY. Lets a main process written for Electron 45 (Chrome 15x, Node 24) run on the
// Electron 22.3.25 (Chrome 108, Node 16) that the desktop tests use: `electron -r shim app`.
// It adds what is missing and changes nothing that is there. The product never loads it.
const electron = require('electron');
const { EventEmitter } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Readable } = require('node:stream');
const { fileURLToPath } = require('node:url');

if (Number(process.versions.electron.split('.')[0]) < 45) {
  languageAndWebGlobals();
  electronApis();
}

function add(target, name, value) {
  if (target[name] === undefined)
    Object.defineProperty(target, name, { value, writable: true, configurable: true });
}

function languageAndWebGlobals() {
  require('core-js/es'); // toSorted, Object.groupBy, Promise.withResolvers, Set methods, Iterator helpers, Symbol.dispose ...
  require('core-js/actual/structured-clone');
  require('core-js/actual/dom-exception');
  add(URL, 'parse', (url, base) => {
    try {
      return new URL(url, base);
    } catch {
      return null;
    }
  });
  add(URL, 'canParse', (url, base) => URL.parse(url, base) !== null);
  for (const [name, value] of Object.entries(require('node:stream/web')))
    add(globalThis, name, value);
  const { Blob } = require('node:buffer');
  const { webcrypto } = require('node:crypto');
  const undici = require('undici'); // 5.x, the last line for Node 16
  add(globalThis, 'Blob', Blob);
  add(globalThis, 'crypto', webcrypto);
  for (const name of ['fetch', 'Request', 'Response', 'Headers', 'FormData', 'File'])
    add(globalThis, name, undici[name]);
  const { WebSocket: Ws } = require('ws');
  add(
    globalThis,
    'WebSocket',
    class WebSocket extends Ws {
      constructor(url, protocols) {
        super(url, protocols);
        this.binaryType = 'blob'; // as the web's; ws itself defaults to Buffers
      }
    },
  );
  add(
    globalThis,
    'CustomEvent',
    class CustomEvent extends Event {
      constructor(type, init = {}) {
        super(type, init);
        this.detail = init.detail ?? null;
      }
    },
  );
  add(globalThis, 'navigator', {
    userAgent: `Node.js/${process.versions.node}`,
    hardwareConcurrency: os.cpus().length,
  });
  add(AbortSignal, 'any', (signals) => {
    const controller = new AbortController();
    for (const signal of signals) {
      if (signal.aborted) controller.abort(signal.reason);
      else signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true });
    }
    return controller.signal;
  });
  add(Readable, 'fromWeb', (stream, options) => Readable.from(stream, options));
  add(process, 'getBuiltinModule', (name) => require(name));
  add(os, 'availableParallelism', () => os.cpus().length);
}

const MIME = {
  html: 'text/html',
  js: 'text/javascript',
  mjs: 'text/javascript',
  css: 'text/css',
  json: 'application/json',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  wasm: 'application/wasm',
  txt: 'text/plain',
};

function electronApis() {
  const { app, net, protocol } = electron;

  // net.fetch (25+), enough for the documented `net.fetch(pathToFileURL(file))` and for http.
  add(net, 'fetch', async (input, init) => {
    const url = new URL(typeof input === 'string' ? input : (input.url ?? input.href));
    if (url.protocol !== 'file:') return fetch(input, init);
    const file = fileURLToPath(url);
    const body = await fs.promises.readFile(file).catch(() => {
      throw new Error('net::ERR_FILE_NOT_FOUND');
    });
    return new Response(body, {
      headers: { 'content-type': MIME[path.extname(file).slice(1)] ?? 'application/octet-stream' },
    });
  });

  // protocol.handle / unhandle / isProtocolHandled (25+) over registerStreamProtocol.
  const modern = (target) => {
    add(target, 'handle', (scheme, handler) =>
      target.registerStreamProtocol(scheme, async (request, callback) => {
        try {
          const body = request.uploadData?.length
            ? Buffer.concat(
                request.uploadData.map((part) => part.bytes ?? fs.readFileSync(part.file)),
              )
            : undefined;
          const response = await handler(
            new Request(request.url, { method: request.method, headers: request.headers, body }),
          );
          const headers = {};
          response.headers.forEach((value, name) => {
            headers[name] = value;
          });
          callback({
            statusCode: response.status,
            headers,
            data: response.body ? Readable.from(response.body) : Readable.from([]),
          });
        } catch (error) {
          console.error('protocol.handle:', error);
          callback({ error: -2 }); // net::ERR_FAILED, as upstream
        }
      }),
    );
    add(target, 'unhandle', (scheme) => target.unregisterProtocol(scheme));
    target.isProtocolHandled = (scheme) => target.isProtocolRegistered(scheme); // 22's own one is another, and returns a promise
  };
  for (const name of ['handle', 'unhandle', 'isProtocolHandled']) {
    Object.defineProperty(protocol, name, {
      value: (...args) => electron.session.defaultSession.protocol[name](...args),
    });
  }

  app.on('session-created', (session) => {
    modern(session.protocol);
    // webUtils (29+) for preloads: a session preload runs first, on the same `electron` object.
    session.setPreloads([...session.getPreloads(), path.join(__dirname, 'electron22-preload.cjs')]);
    add(session, 'registerPreloadScript', ({ filePath }) =>
      session.setPreloads([...session.getPreloads(), filePath]),
    );
  });

  // Notification buttons: 22 shows none on Linux. Keep those with listeners so that a test can press:
  //   evaluate(() => globalThis.__notifications.at(-1).emit('action', { actionIndex: 0 }, 0))
  const shown = (globalThis.__notifications = []);
  electron.Notification.prototype.on = function (...args) {
    if (!shown.includes(this)) shown.push(this);
    return EventEmitter.prototype.on.apply(this, args);
  };
}
