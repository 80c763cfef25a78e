#!/usr/bin/env node
/**
 * Draws resources/icons: the application icon and the tray icons, from a logo (a ring and half a
 * disc) on a 22 x 22 grid. Renders without an image library: 4 x 4 samples per pixel, written as
 * PNG.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';

const folder = fileURLToPath(new URL('../resources/icons', import.meta.url));
const SAMPLES = 4;
const RING_STEPS = 12;

// Mid-tones that are visible on dark and light trays.
const accent = [0x4a, 0x97, 0xe6];
const dim = [0x6b, 0x70, 0x7a];
const quiet = [0x8e, 0x92, 0x9b];
const warn = [0xe3, 0xa6, 0x2c];
const face = [0x11, 0x13, 0x17];
const ink = [0xeb, 0xed, 0xf0];

/** A shape is a function that returns true for points inside it. */
const distanceFromCenter = (x, y) => Math.hypot(x - 11, y - 11);
const ring = (x, y, width = 1.8) => Math.abs(distanceFromCenter(x, y) - 9) <= width / 2;
const lit = (x, y) => x >= 11 && distanceFromCenter(x, y) <= 6.4;
const bars = (x, y) => y >= 6.5 && y <= 15.5 && ((x >= 7 && x <= 9.8) || (x >= 12.2 && x <= 15));
const turn = (x, y) => (Math.atan2(x - 11, 11 - y) / (2 * Math.PI) + 1) % 1;
const triangle = (x, y) => y >= 2.5 && y <= 19.5 && Math.abs(x - 11) <= ((y - 2.5) / 17) * 9.8;
const mark = (x, y) =>
  Math.abs(x - 11) <= 1.05 && ((y >= 8.2 && y <= 13.6) || (y >= 15 && y <= 17.1));
const slash = (x, y) => Math.abs(x - y) <= 1.3 && x > 3 && x < 19;
const rounded = (x, y) => {
  const [dx, dy] = [Math.max(0, Math.abs(x - 11) - 6.2), Math.max(0, Math.abs(y - 11) - 6.2)];
  return Math.hypot(dx, dy) <= 4.6;
};
/** Scales a shape down to fit inside the application icon. */
const inner = (shape) => (x, y) => shape(11 + (x - 11) * 1.42, 11 + (y - 11) * 1.42);

/** Layers of shape and color; later layers are on top. */
const icons = {
  'tray-idle': [
    [ring, quiet],
    [lit, quiet],
  ],
  'tray-paused': [
    [ring, quiet],
    [bars, quiet],
  ],
  'tray-attention': [
    [triangle, warn],
    [mark, face],
  ],
  'tray-lost': [
    [ring, dim],
    [lit, dim],
    [slash, dim],
  ],
};
for (let step = 0; step <= RING_STEPS; step++)
  icons[`tray-training-${String(step).padStart(2, '0')}`] = [
    [(x, y) => ring(x, y, 1.4), dim],
    [(x, y) => ring(x, y, 2.4) && turn(x, y) < step / RING_STEPS, accent],
    [lit, accent],
  ];
const application = [
  [rounded, face],
  [inner(ring), ink],
  [inner(lit), accent],
];

function draw(layers, size) {
  const pixels = Buffer.alloc(size * (size * 4 + 1));
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const sum = [0, 0, 0, 0];
      for (let point = 0; point < SAMPLES * SAMPLES; point++) {
        const x = ((column + ((point % SAMPLES) + 0.5) / SAMPLES) * 22) / size;
        const y = ((row + (Math.floor(point / SAMPLES) + 0.5) / SAMPLES) * 22) / size;
        const top = layers.findLast(([shape]) => shape(x, y));
        if (top === undefined) continue;
        for (let part = 0; part < 3; part++) sum[part] += top[1][part];
        sum[3] += 1;
      }
      const at = row * (size * 4 + 1) + 1 + column * 4;
      const inside = sum[3];
      if (inside === 0) continue;
      for (let part = 0; part < 3; part++) pixels[at + part] = Math.round(sum[part] / inside);
      pixels[at + 3] = Math.round((inside / (SAMPLES * SAMPLES)) * 255);
    }
  return pixels;
}

const table = Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  let crc = 0xffffffff;
  for (const byte of body) crc = table[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE((crc ^ 0xffffffff) >>> 0, body.length + 4);
  return out;
}
function png(layers, size) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 6, 0, 0, 0], 8);
  const parts = [
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(draw(layers, size), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts]);
}

mkdirSync(folder, { recursive: true });
for (const [name, layers] of Object.entries(icons)) {
  writeFileSync(join(folder, `${name}.png`), png(layers, 22));
  writeFileSync(join(folder, `${name}@2x.png`), png(layers, 44));
}
for (const size of [64, 128, 256, 512])
  writeFileSync(join(folder, `icon-${String(size)}.png`), png(application, size));
