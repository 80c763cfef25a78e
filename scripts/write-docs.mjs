#!/usr/bin/env node
/** Writes docs/glossary.md and docs/guide.md from src-main/contract. A test compares them. Needs Node 24. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { glossaryMarkdown } from '../src-main/contract/glossary.ts';
import { guideMarkdown } from '../src-main/contract/guide/index.ts';

const write = (name, text) => writeFileSync(join(import.meta.dirname, '../docs', name), text);

write('glossary.md', glossaryMarkdown());
write('guide.md', guideMarkdown());
