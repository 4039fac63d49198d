import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, ProviderError } from '../../shared/kernel/errors.ts';
import type { BarProvider, RawBars } from '../../shared/market-data/provider.ts';
import { recordedProvider, type RecordedOptions } from '../../shared/market-data/providers/recorded.ts';

const root = mkdtempSync(join(tmpdir(), 'papergate-recorded-'));
let folder = root;
let folders = 0;
beforeEach(() => mkdirSync((folder = join(root, String(folders++)))));
afterAll(() => rmSync(root, { recursive: true }));

const HEADER = 'ts_utc,open,high,low,close,volume';
const ROW = '2024-03-04T14:30:00Z,10,11,9,10.5,100';
const put = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content);
const provider = (options: Partial<RecordedOptions> = {}): BarProvider =>
  recordedProvider({ folder, prefix: 'US', bar: '60m', barEndMs: () => undefined, ...options });
const everything = async (symbol = 'A', options: Partial<RecordedOptions> = {}): Promise<RawBars> =>
  (await provider(options).fetch([symbol], -Infinity, Infinity, Infinity))[0]!;

describe('recordedProvider reads', () => {
  it('columns, turnover absent without its column', async () => {
    put('US_A_60m.csv', `${HEADER}\n${ROW}\n`);
    expect(await everything()).toEqual({
      startMs: Float64Array.of(1_709_562_600_000),
      open: Float64Array.of(10),
      high: Float64Array.of(11),
      low: Float64Array.of(9),
      close: Float64Array.of(10.5),
      volume: Float64Array.of(100),
      turnover: Float64Array.of(NaN),
    });
  });

  it('a turnover column, empty where a bar has none', async () => {
    put('US_A_60m.csv', `${HEADER},turnover\n${ROW},1025.5\n${ROW},\n`);
    expect([...(await everything()).turnover]).toEqual([1025.5, NaN]);
  });

  it('a quoted spread after the turnover, empty where a bar has none', async () => {
    put('US_A_60m.csv', `${HEADER},turnover,spread\n${ROW},,0.02\n${ROW},1025.5,\n`);
    const bars = await everything();
    expect([...bars.turnover]).toEqual([NaN, 1025.5]);
    expect([...bars.spread!]).toEqual([0.02, NaN]);
    const from = Date.parse('2024-03-04T14:30:00Z');
    expect([...(await provider().fetch(['A'], from, from + 1, Infinity))[0]!.spread!]).toEqual([0.02, NaN]);
  });

  it('nan, inf and what no double holds as NaN, for the quality check to flag', async () => {
    put('US_A_60m.csv', `${HEADER}\n2024-03-04T14:30:00Z,nan,-Inf,Infinity,1e999,1e-8\n`);
    const { open, high, low, close, volume } = await everything();
    expect([open[0], high[0], low[0], close[0], volume[0]]).toEqual([NaN, NaN, NaN, NaN, 1e-8]);
  });

  it('zero and negative prices as they are', async () => {
    put('US_A_60m.csv', `${HEADER}\n2024-03-04T14:30:00Z,-111.41,0,-0.5,+2,0\n`);
    const { open, high, low, close } = await everything();
    expect([open[0], high[0], low[0], close[0]]).toEqual([-111.41, 0, -0.5, 2]);
  });

  it.each([
    ['Windows line ends', `${HEADER}\r\n${ROW}\r\n`],
    ['a byte order mark', `\uFEFF${HEADER}\n${ROW}\n`],
    ['no line end at the end', `${HEADER}\n${ROW}`],
  ])('a file with %s', async (_, text) => {
    put('US_A_60m.csv', text);
    expect([...(await everything()).close]).toEqual([10.5]);
  });

  it('an empty file of bars as no bars', async () => {
    put('US_A_60m.csv', `${HEADER}\n`);
    expect((await everything()).startMs).toHaveLength(0);
  });

  it('newest first and twice, in the order of the file', async () => {
    const hours = ['16', '15', '15', '14'];
    put(
      'US_A_60m.csv',
      [HEADER, ...hours.map((hour, k) => `2024-03-04T${hour}:30:00Z,1,1,1,1,${k}`)].join('\n'),
    );
    expect([...(await everything()).volume]).toEqual([0, 1, 2, 3]);
    const at = (time: string): number => Date.parse(`2024-03-04T${time}:00Z`);
    const some = await provider().fetch(['A'], at('14:30'), at('16:30'), at('16:30'));
    expect([...some[0]!.volume]).toEqual([1, 2, 3]);
    expect([...(await provider().fetch(['A'], 0, Infinity, at('16:00')))[0]!.volume]).toEqual([3]);
  });

  it('a bar the calendar does not know one nominal period after its start', async () => {
    const start = Date.parse('2024-03-04T14:30:00Z');
    for (const [bar, period] of [
      ['60m', 3_600_000],
      ['1d', 86_400_000],
    ] as const) {
      put(`US_A_${bar}.csv`, `${HEADER}\n${ROW}\n`);
      expect((await provider({ bar }).fetch(['A'], 0, Infinity, start + period - 1))[0]!.close).toHaveLength(
        0,
      );
      expect((await provider({ bar }).fetch(['A'], 0, Infinity, start + period))[0]!.close).toHaveLength(1);
    }
  });

  it('60m files under either name, and daily files apart from them', async () => {
    put('US_A_1h.csv', `${HEADER}\n${ROW}\n`);
    put('US_A_1d.csv.gz', gzipSync(`${HEADER}\n${ROW}\n${ROW}\n`));
    expect((await everything('A')).close).toHaveLength(1);
    expect((await everything('A', { bar: '1d' })).close).toHaveLength(2);
  });

  it('symbols with dots, hyphens and underscores', async () => {
    put('US_BRK.B_60m.csv', `${HEADER}\n${ROW}\n`);
    put('US_BTC-USD_X_60m.csv', `${HEADER}\n${ROW}\n`);
    expect((await everything('BRK.B')).close).toHaveLength(1);
    expect((await everything('BTC-USD_X')).close).toHaveLength(1);
  });

  it('a file again after it was put right', async () => {
    const same = provider();
    put('US_A_60m.csv', `${HEADER}\nbroken\n`);
    await expect(same.fetch(['A'], 0, 1, 1)).rejects.toThrow(ProviderError);
    put('US_A_60m.csv', `${HEADER}\n${ROW}\n`);
    expect((await same.fetch(['A'], 0, Infinity, Infinity))[0]!.close).toHaveLength(1);
  });
});

describe('recordedProvider refuses, naming file and line,', () => {
  it.each([
    ['another header', `time,open,high,low,close,volume\n${ROW}\n`, 'US_A_60m.csv, line 1: header'],
    ['columns in another order', `ts_utc,open,low,high,close,volume\n${ROW}\n`, 'line 1: header'],
    ['an empty file', '', 'line 1: header ""'],
    ['a spread without turnover', `${HEADER},spread\n${ROW},1\n`, 'line 1: header'],
    ['a spread that is no number', `${HEADER},turnover,spread\n${ROW},1,x\n`, 'line 2: spread "x"'],
    ['a short row', `${HEADER}\n${ROW}\n2024-03-04T15:30:00Z,1,2\n`, 'line 3: 3 fields, expected 6'],
    ['a long row', `${HEADER}\n${ROW},7\n`, 'line 2: 7 fields, expected 6'],
    ['an empty line', `${HEADER}\n\n${ROW}\n`, 'line 2: 1 fields, expected 6'],
    ['an empty price', `${HEADER}\n2024-03-04T14:30:00Z,10,,9,10.5,100\n`, 'line 2: high ""'],
    ['hexadecimal', `${HEADER}\n2024-03-04T14:30:00Z,10,0x1F,9,10.5,100\n`, 'line 2: high "0x1F"'],
    ['a decimal comma in quotes', `${HEADER}\n2024-03-04T14:30:00Z,"10","11","9","10","1"\n`, 'line 2: open'],
    ['a thousands separator', `${HEADER}\n2024-03-04T14:30:00Z,10,11,9,10,1_000\n`, 'volume "1_000"'],
    ['a spaced number', `${HEADER}\n2024-03-04T14:30:00Z,10, 11,9,10,1\n`, 'high " 11"'],
    ['a word', `${HEADER}\n2024-03-04T14:30:00Z,10,11,9,null,1\n`, 'close "null"'],
    [
      'a stamp without zone',
      `${HEADER}\n2024-03-04T14:30:00,10,11,9,10,1\n`,
      'line 2: ts_utc "2024-03-04T14:30:00"',
    ],
    ['a stamp with an offset', `${HEADER}\n2024-03-04T14:30:00+00:00,10,11,9,10,1\n`, 'line 2: ts_utc'],
    ['a date that does not exist', `${HEADER}\n2023-02-29T14:30:00Z,10,11,9,10,1\n`, 'line 2: ts_utc'],
    ['an American date', `${HEADER}\n03/04/2024 14:30,10,11,9,10,1\n`, 'line 2: ts_utc'],
  ])('%s', async (_, text, message) => {
    put('US_A_60m.csv', text);
    await expect(everything()).rejects.toThrow(ProviderError);
    await expect(everything()).rejects.toThrow(message);
  });

  it('a row without end', async () => {
    put('US_A_60m.csv', `${HEADER}\n${'9'.repeat(100_000)}\n`);
    await expect(everything()).rejects.toThrow(/^US_A_60m\.csv: .*size/i);
  });
});

describe('recordedProvider refuses', () => {
  it('a symbol without a file, listing those of the market and bar size', async () => {
    for (const name of [
      'US_MSFT_60m.csv',
      'US_AAPL_1h.csv.gz',
      'US_SPY_1d.csv',
      'CN_600519_60m.csv',
      'notes.txt',
    ]) {
      put(name, HEADER);
    }
    await expect(everything('TSLA')).rejects.toThrow(/TSLA has no 60m bars .*; the folder has AAPL, MSFT$/);
  });

  it('a folder that is not there', async () => {
    const fetched = everything('A', { folder: join(folder, 'absent') });
    await expect(fetched).rejects.toThrow(ProviderError);
    await expect(fetched).rejects.toThrow('cannot be read');
  });

  it('two files for one instrument', async () => {
    put('US_A_60m.csv', `${HEADER}\n${ROW}\n`);
    put('US_A_1h.csv.gz', gzipSync(`${HEADER}\n`));
    await expect(everything()).rejects.toThrow('several files, keep one: US_A_60m.csv, US_A_1h.csv.gz');
  });

  it('symbols that would leave the folder or the name', async () => {
    put('US_A_60m.csv', `${HEADER}\n${ROW}\n`);
    for (const symbol of ['../A', 'A/../A', 'A..B', '..', 'a\\b', 'A\0', 'A\n', 'Ａ', 'x'.repeat(65), ' A']) {
      await expect(everything(symbol), symbol).rejects.toThrow('is no plain name');
    }
    expect(() => provider({ prefix: '../US' })).toThrow(ConfigError);
  });

  it('a file larger than its limit, zipped or not, before it fills the memory', async () => {
    put('US_A_60m.csv.gz', gzipSync('0'.repeat(5_000_000)));
    await expect(everything('A', { fileBytesMax: 1_000_000 })).rejects.toThrow(
      'US_A_60m.csv.gz: more than 1000000 bytes',
    );
    put('US_B_60m.csv', `${HEADER}\n${ROW}\n`);
    await expect(everything('B', { fileBytesMax: 50 })).rejects.toThrow('US_B_60m.csv: more than 50 bytes');
  });

  it('what only pretends to be zipped, and a folder that is named like a file', async () => {
    put('US_A_60m.csv.gz', `${HEADER}\n${ROW}\n`);
    await expect(everything('A')).rejects.toThrow('US_A_60m.csv.gz: cannot be unzipped');
    mkdirSync(join(folder, 'US_B_60m.csv'));
    await expect(everything('B')).rejects.toThrow('US_B_60m.csv: cannot be read');
  });
});

const ACTIONS = 'ex_date,kind,ratio,amount,pay_date,source';
const actionsOf = (from = '2024-01-01', to = '2024-12-31', now = Infinity, symbols = ['A']) =>
  provider().fetchActions(symbols, from, to, now);

describe('recordedProvider reads corporate actions', () => {
  beforeEach(() => put('US_A_60m.csv', `${HEADER}\n${ROW}\n`));

  it('of a file beside the bars, oldest first, a dividend before a split', async () => {
    put(
      'US_A_actions.csv',
      [
        ACTIONS,
        '2024-06-10,split,7,0,,company release 2024-05-22',
        '2024-06-10,dividend,1,0.25,2024-06-28,company release',
        '2024-02-09,dividend,1,0.24,,company release',
        '2024-09-30,real_move,1,0,,looked up: earnings warning',
      ].join('\r\n'),
    );
    const dividend = { symbol: 'A', kind: 'dividend', ratio: 1, source: 'company release' };
    expect(await actionsOf()).toEqual([
      { ...dividend, exDate: '2024-02-09', amount: 0.24, payDate: null },
      { ...dividend, exDate: '2024-06-10', amount: 0.25, payDate: '2024-06-28' },
      {
        symbol: 'A',
        exDate: '2024-06-10',
        kind: 'split',
        ratio: 7,
        amount: 0,
        payDate: null,
        source: 'company release 2024-05-22',
      },
      {
        symbol: 'A',
        exDate: '2024-09-30',
        kind: 'real_move',
        ratio: 1,
        amount: 0,
        payDate: null,
        source: 'looked up: earnings warning',
      },
    ]);
  });

  it('with both dates included, and from the first instant of the ex-date on', async () => {
    put('US_A_actions.csv', `${ACTIONS}\n2024-06-10,split,7,0,,x\n`);
    expect(await actionsOf('2024-06-10', '2024-06-10')).toHaveLength(1);
    expect(await actionsOf('2024-06-11', '2024-06-30')).toHaveLength(0);
    expect(await actionsOf('2024-06-01', '2024-06-09')).toHaveLength(0);
    const midnight = Date.parse('2024-06-10T00:00:00Z');
    expect(await actionsOf('2024-06-10', '2024-06-10', midnight)).toHaveLength(1);
    expect(await actionsOf('2024-06-10', '2024-06-10', midnight - 1)).toHaveLength(0);
  });

  it('of each instrument that has any, in the order asked', async () => {
    for (const symbol of ['B', 'C']) put(`US_${symbol}_60m.csv`, `${HEADER}\n${ROW}\n`);
    put('US_A_actions.csv', `${ACTIONS}\n2024-06-10,split,2,0,,x\n`);
    put('US_C_actions.csv', `${ACTIONS}\n2024-06-07,split,3,0,,x\n`);
    const shown = await actionsOf('2024-01-01', '2024-12-31', Infinity, ['C', 'B', 'A']);
    expect(shown.map(({ symbol, ratio }) => [symbol, ratio])).toEqual([
      ['C', 3],
      ['A', 2],
    ]);
    await expect(actionsOf('2024-01-01', '2024-12-31', Infinity, ['A', 'X'])).rejects.toThrow(
      'X has no 60m bars',
    );
  });

  it.each([
    ['another header', 'date,kind\n', 'US_A_actions.csv, line 1: header "date,kind", expected ex_date,'],
    ['a short row', `${ACTIONS}\n2024-06-10,split,7,0,\n`, 'line 2: 5 fields, expected 6'],
    ['a comma in the source', `${ACTIONS}\n2024-06-10,split,7,0,,a,b\n`, 'line 2: 7 fields'],
    ['a date that is none', `${ACTIONS}\n2024-02-30,split,7,0,,x\n`, 'line 2: ex_date "2024-02-30"'],
    ['an unknown kind', `${ACTIONS}\n2024-06-10,spinoff,7,0,,x\n`, 'line 2: kind "spinoff"'],
    ['a split of one', `${ACTIONS}\n2024-06-10,split,1,0,,x\n`, 'line 2: ratio 1'],
    ['a split of nothing', `${ACTIONS}\n2024-06-10,split,0,0,,x\n`, 'line 2: ratio 0'],
    ['a split as words', `${ACTIONS}\n2024-06-10,split,7:1,0,,x\n`, 'line 2: ratio "7:1"'],
    ['a split that pays', `${ACTIONS}\n2024-06-10,split,7,1,,x\n`, 'line 2: amount 1, expected 0'],
    ['a dividend that splits', `${ACTIONS}\n2024-06-10,dividend,2,1,,x\n`, 'line 2: ratio 2, expected 1'],
    ['a dividend of nothing', `${ACTIONS}\n2024-06-10,dividend,1,0,,x\n`, 'line 2: amount 0'],
    ['an endless dividend', `${ACTIONS}\n2024-06-10,dividend,1,1e999,,x\n`, 'line 2: amount'],
    ['a real move that pays', `${ACTIONS}\n2024-06-10,real_move,1,1,,x\n`, 'line 2: amount 1, expected 0'],
    ['paid before it is due', `${ACTIONS}\n2024-06-10,dividend,1,1,2024-06-09,x\n`, 'line 2: pay_date'],
    ['no source', `${ACTIONS}\n2024-06-10,split,7,0,, \n`, 'line 2: source'],
    [
      'two of one day',
      `${ACTIONS}\n2024-06-10,dividend,1,1,,x\n2024-06-10,dividend,1,2,,y\n`,
      'line 3: a second dividend on 2024-06-10',
    ],
  ])('and refuses %s, naming file and line', async (_, text, message) => {
    put('US_A_actions.csv', text);
    await expect(actionsOf()).rejects.toThrow(ProviderError);
    await expect(actionsOf()).rejects.toThrow(message);
  });

  it('and takes their hash into the fingerprint', async () => {
    put('US_A_actions.csv', 'abc');
    await expect(provider().fingerprint(['A'])).rejects.toThrow('US_A_actions.csv, line 1');
    const before = `${ACTIONS}\n2024-06-10,split,7,0,,x\n`;
    put('US_A_actions.csv', before);
    const sum = execFileSync('sha256sum', [join(folder, 'US_A_actions.csv')], { encoding: 'utf8' });
    const first = await provider().fingerprint(['A']);
    expect(Object.keys(first)).toEqual(['US_A_60m.csv', 'US_A_actions.csv']);
    expect(first['US_A_actions.csv']).toBe(`sha256:${sum.slice(0, 64)}`);
    put('US_A_actions.csv', before.replace('7', '8'));
    expect(await provider().fingerprint(['A'])).not.toEqual(first);
  });
});

describe('recordedProvider reads a LEAN factor file', () => {
  const NAME = 'corporate-actions/US_A_lean_factor_file.csv';
  const lean = (...rows: string[]): void => {
    mkdirSync(join(folder, 'corporate-actions'), { recursive: true });
    put(NAME, rows.join('\n'));
  };
  beforeEach(() => put('US_A_60m.csv', `${HEADER}\n${ROW}\n`));

  it('as dividends and splits on the day after each row', async () => {
    lean(
      '20231229,0.97,0.0357143,1',
      '20240607,0.97,0.0357143,700', // then 7:1, 0.25 / 0.0357143 = 6.99999
      '20240830,0.98,0.25,100', // then 100 * (1 - 0.98 / 1) = 2 a share, and 4:1 on the same day
      '20501231,1,1,0',
    );
    expect(await actionsOf()).toEqual([
      {
        symbol: 'A',
        exDate: '2024-06-08',
        kind: 'dividend',
        ratio: 1,
        amount: 7.1429, // 700 * (1 - 0.97 / 0.98) = 7.142857
        payDate: null,
        source: `${NAME}, 20240607`,
      },
      {
        symbol: 'A',
        exDate: '2024-06-08',
        kind: 'split',
        ratio: 7,
        amount: 0,
        payDate: null,
        source: `${NAME}, 20240607`,
      },
      {
        symbol: 'A',
        exDate: '2024-08-31',
        kind: 'dividend',
        ratio: 1,
        amount: 2,
        payDate: null,
        source: `${NAME}, 20240830`,
      },
      {
        symbol: 'A',
        exDate: '2024-08-31',
        kind: 'split',
        ratio: 4,
        amount: 0,
        payDate: null,
        source: `${NAME}, 20240830`,
      },
    ]);
    expect(Object.keys(await provider().fingerprint(['A']))).toEqual(['US_A_60m.csv', NAME]);
  });

  it.each([
    ['three for two', '0.6666667', 1.5],
    ['a stock dividend of one in twenty', '0.952381', 1.05],
    ['one for ten', '10', 0.1],
    ['one for thirty', '30', 1 / 30],
    ['nothing simple', '0.7071068', 1 / 0.7071068],
  ])('with %s', async (_, factor, ratio) => {
    lean(`20240607,1,${factor},10`, '20501231,1,1,0');
    expect((await actionsOf())[0]!.ratio).toBe(ratio);
  });

  it.each([
    ['a row of three', ['20240607,1,1'], 'line 1: 3 fields, expected 4'],
    ['a date with hyphens', ['2024-06-07,1,1,1'], 'line 1: date "2024-06-07"'],
    ['a day that is none', ['20240231,1,1,1'], 'line 1: date "20240231"'],
    ['a factor that is no number', ['20240607,1,inf,1'], 'line 1: 1,inf,1'],
    ['dates that go back', ['20240607,1,1,1', '20240606,1,1,1'], 'line 2: 20240606 does not follow 20240607'],
    ['a falling price factor', ['20240607,1,1,9', '20240608,0.9,1,1'], 'line 1: price factors'],
    ['a dividend without its price', ['20240607,0.9,1,0', '20240608,1,1,1'], 'give a dividend of 0'],
  ])('and refuses %s, naming file and line', async (_, rows, message) => {
    lean(...rows);
    await expect(actionsOf()).rejects.toThrow(ProviderError);
    await expect(actionsOf()).rejects.toThrow(message);
    await expect(actionsOf()).rejects.toThrow(NAME);
  });

  it('and refuses another file of actions beside it', async () => {
    lean('20240607,1,1,1', '20501231,1,1,0');
    put('US_A_actions.csv', `${ACTIONS}\n`);
    await expect(actionsOf()).rejects.toThrow(
      `A has corporate actions in two files, keep one: US_A_actions.csv, ${NAME}`,
    );
  });
});

describe('recordedProvider fingerprints', () => {
  it('the bytes on disk, as sha256sum prints them', async () => {
    put('US_A_60m.csv', `${HEADER}\n${ROW}\n`);
    put('US_B_60m.csv.gz', gzipSync(`${HEADER}\n`));
    const sum = (name: string): string =>
      execFileSync('sha256sum', [join(folder, name)], { encoding: 'utf8' }).slice(0, 64);
    expect(await provider().fingerprint(['B', 'A'])).toEqual({
      'US_A_60m.csv': `sha256:${sum('US_A_60m.csv')}`,
      'US_B_60m.csv.gz': `sha256:${sum('US_B_60m.csv.gz')}`,
    });
  });

  it('the bytes that it shows, though the file changes afterwards', async () => {
    put('US_A_60m.csv', `${HEADER}\n${ROW}\n`);
    const first = provider();
    const before = await first.fingerprint(['A']);
    put('US_A_60m.csv', `${HEADER}\n`);
    expect((await first.fetch(['A'], 0, Infinity, Infinity))[0]!.close).toHaveLength(1);
    expect(await first.fingerprint(['A'])).toEqual(before);
    expect(await provider().fingerprint(['A'])).not.toEqual(before);
  });
});
