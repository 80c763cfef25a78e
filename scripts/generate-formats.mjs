#!/usr/bin/env node
/**
 * Writes what is generated from src-main/formats: docs/schema/, protocol.py and the tables of
 * docs/protocol.md. Needs Node 24.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  generatedFiles,
  PROTOCOL_DOCUMENT,
  SCHEMA_FOLDER,
} from '../src-main/formats/generate/index.ts';

const root = path.join(import.meta.dirname, '..');
const files = generatedFiles(readFileSync(path.join(root, PROTOCOL_DOCUMENT), 'utf8'));
mkdirSync(path.join(root, SCHEMA_FOLDER), { recursive: true });
for (const name of readdirSync(path.join(root, SCHEMA_FOLDER)))
  if (!files.has(`${SCHEMA_FOLDER}/${name}`)) rmSync(path.join(root, SCHEMA_FOLDER, name));
for (const [file, content] of files) writeFileSync(path.join(root, file), content);
process.stdout.write(`${files.size} files\n`);
