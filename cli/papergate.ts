import { EXIT } from './exit-codes.ts';
import { processIo } from './io.ts';
import { main } from './main.ts';

// A reader that has seen enough (`| head`) closes the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failure);
});
// Every write is safe against being cut off, so there is nothing to tidy up first.
process.on('SIGINT', () => process.exit(EXIT.interrupted));

// Set, not exit(): what is still buffered for a pipe is written out.
process.exitCode = await main(process.argv.slice(2), processIo);
