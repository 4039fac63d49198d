import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ProviderError } from '../../shared/kernel/errors.ts';
import { rateFiles } from '../../shared/market-data/providers/rate-csv.ts';

const folder = mkdtempSync(join(tmpdir(), 'papergate-rates-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Reads a rate of a currency of its own, so that no test sees another's file. */
let files = 0;
async function read(text: string | Uint8Array | undefined, time = '2024-06-10T20:00:00Z') {
  const currency = `C${files++}`;
  if (text !== undefined) writeFileSync(join(folder, `FX_${currency}USD.csv`), text);
  return rateFiles(folder).rate(currency, 'USD', Date.parse(time));
}
const THREE =
  'ts_utc,rate\n2024-06-07T20:00:00Z,0.1381\n2024-06-09T20:00:00Z,0.1382\n2024-06-10T20:00:00Z,0.138\n';

describe('exchange rates of a folder', () => {
  it.each([
    ['2024-06-07T19:59:59.999Z', undefined],
    ['2024-06-07T20:00:00Z', 0.1381],
    ['2024-06-10T19:59:59.999Z', 0.1382],
    ['2024-06-10T20:00:00Z', 0.138],
    ['2030-01-01T00:00:00Z', 0.138],
  ])('the last one stamped at or before %s is %d', async (time, rate) => {
    expect((await read(THREE, time))?.rate).toBe(rate);
  });

  it('say when they were stamped and which file they are of', async () => {
    writeFileSync(join(folder, 'FX_CNYUSD.csv'), THREE);
    expect(await rateFiles(folder).rate('CNY', 'USD', Date.parse('2024-06-10T00:00:00Z'))).toEqual({
      atMs: Date.parse('2024-06-09T20:00:00Z'),
      rate: 0.1382,
      source: 'FX_CNYUSD.csv',
    });
  });

  it('of a file that is not there are none, and the other way round is another file', async () => {
    expect(await read(undefined)).toBeUndefined();
    writeFileSync(join(folder, 'FX_EURUSD.csv'), THREE);
    expect(await rateFiles(folder).rate('USD', 'EUR', Date.parse('2030-01-01T00:00:00Z'))).toBeUndefined();
    expect(await rateFiles(join(folder, 'nowhere')).rate('EUR', 'USD', 0)).toBeUndefined();
  });

  it('of a file that has only its header are none', async () => {
    expect(await read('ts_utc,rate\n')).toBeUndefined();
  });

  it('with carriage returns and a byte order mark are read alike', async () => {
    expect((await read(`\uFEFF${THREE.replaceAll('\n', '\r\n')}`))?.rate).toBe(0.138);
  });

  it.each([
    ['an empty file', '', 'line 1: expected the header ts_utc,rate'],
    ['another header', 'time,rate\n', 'line 1: expected the header ts_utc,rate'],
    ['a header with more', 'ts_utc,rate,source\n', 'line 1: expected the header ts_utc,rate'],
    ['a date alone', 'ts_utc,rate\n2024-06-10,1\n', 'line 2: ts_utc 2024-06-10: expected a UTC instant'],
    [
      'another zone',
      'ts_utc,rate\n2024-06-10T20:00:00+08:00,1\n',
      'line 2: ts_utc 2024-06-10T20:00:00+08:00: expected a UTC instant',
    ],
    [
      'a day that does not exist',
      'ts_utc,rate\n2023-02-29T00:00:00Z,1\n',
      'line 2: ts_utc 2023-02-29T00:00:00Z: expected a UTC instant',
    ],
    ['no rate', 'ts_utc,rate\n2024-06-10T20:00:00Z\n', 'line 2: 1 fields, expected 2'],
    ['an empty rate', 'ts_utc,rate\n2024-06-10T20:00:00Z,\n', 'line 2: rate : expected a number above 0'],
    ['zero', 'ts_utc,rate\n2024-06-10T20:00:00Z,0\n', 'line 2: rate 0: expected a number above 0'],
    ['a negative', 'ts_utc,rate\n2024-06-10T20:00:00Z,-1\n', 'line 2: rate -1: expected a number above 0'],
    ['a word', 'ts_utc,rate\n2024-06-10T20:00:00Z,NaN\n', 'line 2: rate NaN: expected a number above 0'],
    [
      'the same moment twice',
      'ts_utc,rate\n2024-06-10T20:00:00Z,1\n2024-06-10T20:00:00Z,1\n',
      'line 3: ts_utc 2024-06-10T20:00:00Z: expected later than the row before',
    ],
    [
      'an earlier one after a later one',
      'ts_utc,rate\n2024-06-10T20:00:00Z,1\n2024-06-09T20:00:00Z,1\n',
      'line 3: ts_utc 2024-06-09T20:00:00Z: expected later than the row before',
    ],
    ['a field too many', 'ts_utc,rate\n2024-06-10T20:00:00Z,1,2\n', 'line 2: 3 fields, expected 2'],
  ])('with %s are refused, with file and line', async (_, text, problem) => {
    const error = await read(text).then(
      () => expect.unreachable('was read'),
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ProviderError);
    expect((error as Error).message).toMatch(/^FX_C\d+USD\.csv, /);
    expect((error as Error).message.replace(/^FX_C\d+USD\.csv, /, '')).toBe(problem);
  });
});
