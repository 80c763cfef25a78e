import { createHash } from 'node:crypto';
import { openRegular } from './regular-file.ts';

/** SHA-256 of a file, in hex. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await openRegular(path);
  for await (const chunk of handle.createReadStream({ highWaterMark: 1 << 20 }))
    hash.update(chunk as Buffer);
  return hash.digest('hex');
}
