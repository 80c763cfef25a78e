/**
 * The dependency rules of ARCHITECTURE.md. `contract` and `kit` import nothing of the program, `formats` only these two; a room
 * imports only rooms before it, through their index.ts; server, desktop and command line don't import each other; only the desktop
 * imports Electron.
 */

/** The rooms in the order in which engine.ts creates them; a room imports only rooms before it. */
const order = [
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
  'setup',
  'health',
  'status',
  'diagnostics',
  'logs',
  'api',
  'composition',
];

const roomRules = order.map((room, index) => ({
  name: `room-${room}-knows-only-lower-rooms`,
  severity: 'error',
  from: { path: `^src-main/engine/${room}/` },
  to: {
    path: `^src-main/engine/(${order.slice(index + 1).join('|') || 'none'})/`,
    // A type in a signature calls nothing.
    dependencyTypesNot: ['type-only'],
  },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'contract-knows-nobody',
      severity: 'error',
      from: { path: '^src-main/contract/' },
      to: { path: '^src-|^node:', pathNot: '^src-main/contract/' },
    },
    {
      name: 'contract-uses-only-zod-and-orpc',
      severity: 'error',
      from: { path: '^src-main/contract/' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'core'],
        pathNot: 'node_modules/(zod|@orpc/contract)/',
      },
    },
    {
      name: 'kit-knows-nobody',
      severity: 'error',
      from: { path: '^src-main/kit/' },
      to: { path: '^src-', pathNot: '^src-main/kit/' },
    },
    {
      name: 'machine-uses-only-kit',
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
      name: 'only-the-engine-reads-the-machine',
      severity: 'error',
      from: { path: '^src-main/(server|desktop|cli)(/|\\.ts$)|^src-(preload|renderer)/' },
      to: { path: '^src-main/machine/' },
    },
    {
      // The desktop's main process bundles what it imports, and starts nothing but the engine.
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
      name: 'formats-knows-only-contract-and-kit',
      severity: 'error',
      from: { path: '^src-main/formats/' },
      to: { path: '^src-', pathNot: '^src-main/(formats|contract|kit)/' },
    },
    {
      name: 'generators-are-for-scripts-and-tests',
      severity: 'error',
      from: { path: '^src-', pathNot: '^src-main/formats/generate/' },
      to: { path: '^src-main/formats/generate/' },
    },
    ...roomRules,
    {
      name: 'rooms-by-their-door',
      severity: 'error',
      from: { path: '^src-main/engine/([^/]+)/' },
      to: {
        path: '^src-main/engine/[^/]+/.+',
        pathNot: ['^src-main/engine/$1/', '^src-main/engine/[^/]+/index\\.ts$'],
      },
    },
    {
      name: 'engine-parts-by-the-door',
      severity: 'error',
      from: { path: '^src-main/engine/[^/]+\\.ts$' },
      to: {
        path: '^src-main/engine/[^/]+/.+',
        pathNot: '^src-main/engine/[^/]+/index\\.ts$',
      },
    },
    {
      name: 'rooms-do-not-know-their-composer',
      severity: 'error',
      from: { path: '^src-main/engine/[^/]+/' },
      to: { path: '^src-main/engine/[^/]+\\.ts$' },
    },
    {
      name: 'engine-knows-no-door',
      severity: 'error',
      from: { path: '^src-main/(engine|kit)/' },
      to: { path: '^src-main/(server|desktop|cli)/|^src-(preload|renderer)/' },
    },
    {
      name: 'server-is-a-stranger',
      severity: 'error',
      from: { path: '^src-main/server/' },
      to: { path: '^src-main/(engine|desktop|cli)/|^src-(preload|renderer)/' },
    },
    {
      name: 'cli-is-a-stranger',
      severity: 'error',
      from: { path: '^src-main/cli/' },
      to: { path: '^src-main/(engine|desktop|server)/|^src-(preload|renderer)/' },
    },
    {
      name: 'desktop-is-a-stranger',
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
      name: 'page-and-preload-know-only-the-contract',
      severity: 'error',
      from: { path: '^src-(renderer|preload)/' },
      to: { path: '^src-main/', pathNot: '^src-main/contract/' },
    },
    {
      name: 'page-has-no-node',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'page-knows-the-preload-by-its-type-only',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { path: '^src-preload/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'everything-can-be-found',
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
