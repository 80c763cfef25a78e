/** An upload from a browser that is under way. */
import { z } from 'zod';
import { priority } from '../contract/index.ts';
import { defineFile } from './document.ts';
import { count, formatNumber } from './fields.ts';
import { fileName, folderName } from './names.ts';

export const uploadPartFile = defineFile({
  name: 'inbox/.part/<upload>.json',
  damaged: 'The upload starts again',
  group: 'workspace',
  writer: 'engine',
  description: 'An upload under way; its bytes are in `<upload>` beside it',
  schema: z.object({
    format: formatNumber,
    upload: folderName('Upload id'),
    name: fileName('File name'),
    bytes: count('Whole size'),
    priority: priority.describe('Queue folder'),
  }),
});
export type UploadPart = z.infer<typeof uploadPartFile.schema>;
