/**
 * The dependency rules of ARCHITECTURE.md. `contract` and `kit` import nothing else from the
 * program, `formats` only these two. A room imports only rooms before it, through their index.ts.
 * Server, desktop and command line don't import each other. Only the desktop imports Electron.
 */

/**
 * Every folder of src-main/engine. A room imports only rooms before it.
 * tests/unit/architecture.test.ts compares this list with the folders and with ARCHITECTURE.md.
 */
const rooms = [
  'journal',
  'config',
  'disk',
  'trainer',
  'lineage',
  'checkpoints',
  'base-models',
  'versions',
  'backups',
  'metrics',
  'datasets',
  'estimate',
  'queue',
  'restore',
  'notices',
  'playground',
  'setup',
  'health',
  'status',
  'diagnostics',
  'drill',
  'logs',
  'api',
  'composition',
];

const roomRules = rooms.map((room, index) => ({
  name: `rooms-import-only-lower-rooms/${room}`,
  severity: 'error',
  from: { path: `^src-main/engine/${room}/` },
  to: {
    path: `^src-main/engine/(${rooms.slice(index + 1).join('|') || 'none'})/`,
    // Type imports are erased, so they create no dependency at run time.
    dependencyTypesNot: ['type-only'],
  },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'contract-imports-nothing-else',
      severity: 'error',
      from: { path: '^src-main/contract/' },
      to: { path: '^src-|^node:', pathNot: '^src-main/contract/' },
    },
    {
      name: 'contract-imports-only-zod-and-orpc',
      severity: 'error',
      from: { path: '^src-main/contract/' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'core'],
        pathNot: 'node_modules/(zod|@orpc/contract)/',
      },
    },
    {
      name: 'kit-imports-nothing-else',
      severity: 'error',
      from: { path: '^src-main/kit/' },
      to: { path: '^src-', pathNot: '^src-main/kit/' },
    },
    {
      name: 'machine-imports-only-kit',
      severity: 'error',
      from: { path: '^src-main/machine/' },
      to: { path: '^src-', pathNot: '^src-main/(machine|kit)/' },
    },
    {
      name: 'machine-through-its-index',
      severity: 'error',
      from: { path: '^src-', pathNot: '^src-main/machine/' },
      to: { path: '^src-main/machine/', pathNot: '^src-main/machine/index\\.ts$' },
    },
    {
      name: 'machine-only-in-the-engine',
      severity: 'error',
      from: { path: '^src-main/(server|desktop|cli)(/|\\.ts$)|^src-(preload|renderer)/' },
      to: { path: '^src-main/machine/' },
    },
    {
      // Everything that the desktop's main process imports is bundled into it, and it starts no
      // process except the engine.
      name: 'execa-only-in-engine-machine-and-cli',
      severity: 'error',
      from: { path: '^src-', pathNot: '^src-main/(engine|machine|cli)/' },
      to: { path: 'node_modules/execa/' },
    },
    {
      name: 'systeminformation-only-in-machine',
      severity: 'error',
      from: { path: '^src-', pathNot: '^src-main/machine/' },
      to: { path: 'node_modules/systeminformation/' },
    },
    {
      name: 'formats-imports-only-contract-and-kit',
      severity: 'error',
      from: { path: '^src-main/formats/' },
      to: { path: '^src-', pathNot: '^src-main/(formats|contract|kit)/' },
    },
    {
      name: 'generators-only-in-scripts-and-tests',
      severity: 'error',
      from: { path: '^src-', pathNot: '^src-main/formats/generate/' },
      to: { path: '^src-main/formats/generate/' },
    },
    ...roomRules,
    {
      name: 'rooms-through-their-index',
      severity: 'error',
      from: { path: '^src-main/engine/([^/]+)/' },
      to: {
        path: '^src-main/engine/[^/]+/.+',
        pathNot: ['^src-main/engine/$1/', '^src-main/engine/[^/]+/index\\.ts$'],
      },
    },
    {
      name: 'engine-imports-rooms-through-their-index',
      severity: 'error',
      from: { path: '^src-main/engine/[^/]+\\.ts$' },
      to: {
        path: '^src-main/engine/[^/]+/.+',
        pathNot: '^src-main/engine/[^/]+/index\\.ts$',
      },
    },
    {
      name: 'rooms-do-not-import-engine-ts',
      severity: 'error',
      from: { path: '^src-main/engine/[^/]+/' },
      to: { path: '^src-main/engine/[^/]+\\.ts$' },
    },
    {
      name: 'engine-is-independent-of-its-clients',
      severity: 'error',
      from: { path: '^src-main/(engine|kit)/' },
      to: { path: '^src-main/(server|desktop|cli)/|^src-(preload|renderer)/' },
    },
    {
      name: 'server-is-independent',
      severity: 'error',
      from: { path: '^src-main/server/' },
      to: { path: '^src-main/(engine|desktop|cli)/|^src-(preload|renderer)/' },
    },
    {
      name: 'cli-is-independent',
      severity: 'error',
      from: { path: '^src-main/cli/' },
      to: { path: '^src-main/(engine|desktop|server)/|^src-(preload|renderer)/' },
    },
    {
      name: 'desktop-is-independent',
      severity: 'error',
      from: { path: '^src-main/desktop(/|\\.ts$)' },
      to: { path: '^src-main/(engine|cli|server)/|^src-(preload|renderer)/' },
    },
    {
      name: 'electron-only-in-the-desktop',
      severity: 'error',
      from: { path: '^src-', pathNot: '^src-main/desktop(/|\\.ts$)|^src-preload/' },
      to: { path: '^electron|node_modules/electron(-store)?/' },
    },
    {
      name: 'page-and-preload-import-only-the-contract',
      severity: 'error',
      from: { path: '^src-(renderer|preload)/' },
      to: { path: '^src-main/', pathNot: '^src-main/contract/' },
    },
    {
      name: 'page-imports-no-node-module',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'page-imports-only-types-of-the-preload',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { path: '^src-preload/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'imports-resolve',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '\\.(css|woff2|svg|png)$|^virtual:' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
