import { CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { reportError } from '../../cli/exit-codes.ts';
import { mayColor, type Io } from '../../cli/io.ts';
import { renderTable } from '../../cli/output.ts';
import { Progress } from '../../cli/progress.ts';
import * as errors from '../../shared/kernel/errors.ts';

/** Streams that keep what was written. */
function fakeIo(settings: Partial<Io> = {}): Io & { written: { out: string; err: string } } {
  const written = { out: '', err: '' };
  return {
    written,
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
    ...{ outIsTty: false, errIsTty: false, env: {} },
    ...settings,
  };
}

describe('errors decide the exit code', () => {
  test.each([
    [1, new errors.ConflictError('lost')],
    [2, new errors.ConfigError('lost')],
    [3, new errors.RefusedError('lost')],
    [3, new errors.UncoveredError('lost')],
    [4, new errors.IntegrityError('lost')],
    [5, new errors.ProviderError('lost')],
  ])('%i: %o', (code, error) => {
    const io = fakeIo();
    expect(reportError(error, io)).toBe(code);
    expect(io.written).toEqual({ out: '', err: 'lost\n' });
  });

  test('commander has spoken already: 0 after help, else 2', () => {
    const io = fakeIo();
    expect(reportError(new CommanderError(0, 'commander.help', ''), io)).toBe(0);
    expect(reportError(new CommanderError(1, 'commander.unknownOption', ''), io)).toBe(2);
    expect(io.written.err).toBe('');
  });

  test('what nobody expected is one line and 1; the stack and its causes only on demand', () => {
    const io = fakeIo();
    expect(reportError(new TypeError('a\n  b'), io)).toBe(1);
    expect(io.written.err).toBe('papergate: unexpected TypeError: a b (PAPERGATE_DEBUG=1 shows where)\n');

    const debug = fakeIo({ env: { PAPERGATE_DEBUG: '1' } });
    reportError(new TypeError('a', { cause: new RangeError('b') }), debug);
    expect(debug.written.err).toMatch(
      /^papergate: unexpected TypeError: a\nTypeError: a\n +at [^]+\ncaused by RangeError: b\n +at /,
    );
  });
});

describe('tables', () => {
  const head = ['market', 'equity', 'verdict'];
  const rows = [
    ['crypto', '100,000.00', 'GO'],
    ['us_equities', '-1.50', 'WAIT'],
  ];

  test('plain: columns two spaces apart, numbers flush right, no trailing space', () => {
    expect(renderTable(head, rows, { color: false })).toBe(
      'market           equity  verdict\ncrypto       100,000.00  GO\nus_equities       -1.50  WAIT\n',
    );
  });

  test('in colour the head alone is bold', () => {
    const [first, ...rest] = renderTable(head, rows, { color: true }).split('\n');
    expect(first).toContain('\u001b[1mmarket\u001b[22m');
    expect(rest.join('\n')).not.toContain('\u001b');
  });

  test('colour needs a terminal and no NO_COLOR', () => {
    expect(mayColor(fakeIo())).toBe(false);
    expect(mayColor(fakeIo({ outIsTty: true }))).toBe(true);
    expect(mayColor(fakeIo({ outIsTty: true, env: { NO_COLOR: '1' } }))).toBe(false);
    expect(mayColor(fakeIo({ outIsTty: true, env: { NO_COLOR: '' } }))).toBe(true);
    expect(mayColor(fakeIo({ outIsTty: true, env: { TERM: 'dumb' } }))).toBe(false);
  });
});

describe('progress', () => {
  const run = async (io: Io, total: number): Promise<void> => {
    const progress = new Progress(io, 'replay', total);
    for (let step = 0; step < total; step++) await progress.step();
    progress.done();
  };

  test('redraws one line a hundred times, then clears it', async () => {
    const io = fakeIo({ errIsTty: true });
    await run(io, 1000);
    const drawn = io.written.err.split('\r\u001b[2K').slice(1);
    expect([drawn.length, drawn[0], drawn[99], drawn[100]]).toEqual([
      101,
      'replay 10/1000',
      'replay 1000/1000',
      '',
    ]);
    expect(io.written.out).toBe('');
  });

  test('says nothing where there is no terminal', async () => {
    const io = fakeIo();
    await run(io, 1000);
    expect(io.written).toEqual({ out: '', err: '' });
  });

  test('lets signals and timers in between', async () => {
    let fired = false;
    setImmediate(() => (fired = true));
    const progress = new Progress(fakeIo(), 'replay', 100);
    await progress.step();
    expect(fired).toBe(true);
  });
});
