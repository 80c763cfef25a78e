/** Text encodings that a data file can be read in, when it is not UTF-8 and the user has chosen one. */
import { z } from 'zod';

export const textEncoding = z.enum([
  'utf-16-le',
  'utf-16-be',
  'utf-32-le',
  'utf-32-be',
  'windows-1252',
  'iso-8859-1',
  'iso-8859-15',
  'windows-1250',
  'iso-8859-2',
  'windows-1251',
  'koi8-r',
  'windows-1253',
  'windows-1254',
  'windows-1255',
  'windows-1256',
  'windows-1257',
  'macintosh',
  'shift_jis',
  'euc-jp',
  'gb18030',
  'big5',
  'euc-kr',
]);
export type TextEncoding = z.infer<typeof textEncoding>;

/** Encodings that a file which is not UTF-8 may have, the most likely first; each with its first lines. */
export const encodingOffer = z.object({
  candidates: z.array(
    z.object({
      /** One of `textEncoding`. */
      name: z.string(),
      /** For the user: "Windows-1252 (Western European)". */
      label: z.string(),
      preview: z.array(z.object({ row: z.number().int(), text: z.string() })),
    }),
  ),
});
export type EncodingOffer = z.infer<typeof encodingOffer>;
