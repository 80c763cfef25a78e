// What differs when the package is built for the tests, on the older runtime that is to be had there.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { parse } = require('yaml');

const base = parse(readFileSync(join(__dirname, '../../../electron-builder.yml'), 'utf8'));
const { grantFileProtocolExtraPrivileges: _newer, ...electronFuses } = base.electronFuses; // not in 22's fuse wire
const old = process.env.NIGHTSHIFT_TEST_ELECTRON_MAJOR !== undefined;
module.exports = !old
  ? base
  : {
      ...base,
      electronVersion: '22.3.25',
      electronDist: process.env.ELECTRON_OVERRIDE_DIST_PATH,
      electronFuses,
      directories: { output: process.env.NIGHTSHIFT_TEST_PACKAGE },
      // A packaged binary takes no -r: the shim comes in by the entry. Nothing else in the archive is touched.
      files: [...base.files, { from: __dirname, to: '.', filter: ['electron22-main.cjs'] }],
      extraMetadata: { main: 'electron22-main.cjs' },
    };
