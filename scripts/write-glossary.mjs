#!/usr/bin/env node
/** Writes docs/glossary.md from src-main/contract/glossary.ts. A test compares the two. Needs Node 24. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { glossaryMarkdown } from '../src-main/contract/glossary.ts';

writeFileSync(join(import.meta.dirname, '../docs/glossary.md'), glossaryMarkdown());
