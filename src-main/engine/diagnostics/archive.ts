/** A .tar.gz of a few small text files, in the ustar format of POSIX.1-1988. */
import { gzipSync } from 'node:zlib';

const BLOCK = 512;

function header(name: string, bytes: number, t: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number): void => {
    block.write(
      Math.floor(value)
        .toString(8)
        .padStart(length - 1, '0'),
      at,
      'ascii',
    );
  };
  if (Buffer.byteLength(name) > 100) throw new Error(`${name} is too long for a tar archive`);
  block.write(name, 0);
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(bytes, 124, 12);
  octal(t, 136, 12);
  block.write('        0', 148, 'ascii');
  block.write('ustar\0', 257, 'ascii');
  block.write('00', 263, 'ascii');
  octal(
    block.reduce((sum, value) => sum + value, 0),
    148,
    7,
  );
  block.write('\0 ', 154, 'ascii');
  return block;
}

/** `t`: modification time of all entries in Unix seconds. Paths are relative, at most 100 bytes. */
export function tarGz(
  files: readonly { readonly path: string; readonly text: string }[],
  t: number,
): Buffer {
  const blocks = files.flatMap(({ path, text }) => {
    const content = Buffer.from(text);
    const rest = (BLOCK - (content.length % BLOCK)) % BLOCK;
    return [header(path, content.length, t), content, Buffer.alloc(rest)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]));
}
