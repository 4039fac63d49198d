/** Imports run down the house, never up, never round. Each rule names a room and what it may not reach. */
const house = ['cli', 'infra', 'functions', 'shared'];
const rooms = [
  'tick',
  'release',
  'risk',
  'ledger',
  'portfolio',
  'forecast',
  'execution',
  'market-data',
  'calendar',
  'config',
  'stores',
  'kernel',
];

/** A room may import itself and every room below it. */
const downward = (list, prefix) =>
  list.slice(1).map((room, below) => ({
    name: `${prefix}${room}-imports-downward`,
    comment: `${prefix}${room} may import itself and what lies below it; move the shared piece down instead.`,
    severity: 'error',
    from: { path: `^${prefix}${room}/` },
    to: { path: list.slice(0, below + 1).map((above) => `^${prefix}${above}/`) },
  }));

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...downward(house, ''),
    ...downward(rooms, 'shared/'),
    {
      name: 'stores-are-built-at-the-root',
      comment: 'Only a composition root builds a store; everything else takes a port.',
      severity: 'error',
      from: { path: '^(shared|functions)/', pathNot: '^(shared/stores/|functions/runtime/)' },
      to: { path: '^shared/stores/(memory|embedded|aws)' },
    },
    {
      name: 'pure-core',
      comment: 'shared/ is pure: files, processes and sockets are for stores and providers.',
      severity: 'error',
      from: { path: '^shared/', pathNot: '^shared/(stores|market-data/providers)/' },
      to: {
        dependencyTypes: ['core'],
        path: '^(node:)?(fs|child_process|net|http|https|os|process|worker_threads|sqlite|path|fs/promises)$',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};
