#!/usr/bin/env node
/** Writes config.json in the repository root: the default values of the schema, as a reference. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { factoryConfig } from '../src-main/contract/config.ts';

const file = path.join(import.meta.dirname, '..', 'config.json');
writeFileSync(file, `${JSON.stringify({ format: 1, ...factoryConfig }, null, 2)}\n`);
process.stdout.write(`${file}\n`);
