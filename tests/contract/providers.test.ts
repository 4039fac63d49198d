import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll } from 'vitest';
import type { TradingIndex } from '../../shared/calendar/types.ts';
import { recordedProvider } from '../../shared/market-data/providers/recorded.ts';
import { barEndsOf } from '../../shared/market-data/providers/reveal.ts';
import { simulatedProvider } from '../../shared/market-data/providers/simulated.ts';
import { CONTRACT_ENDS, CONTRACT_STARTS, describeProvider } from './provider-contract.ts';

const index: TradingIndex = {
  startMs: Float64Array.from(CONTRACT_STARTS),
  endMs: Float64Array.from(CONTRACT_ENDS),
  session: Int32Array.from([0, 0, 0, 1, 1, 1]),
  sessions: [],
};

const folder = mkdtempSync(join(tmpdir(), 'papergate-provider-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ONE = `ts_utc,open,high,low,close,volume
2024-03-04T14:30:00Z,10,11,9,10.5,100
2024-03-04T15:30:00Z,10.5,11,10,10.75,200
2024-03-04T16:30:00Z,10.75,10.8,10.7,10.8,50
2024-03-05T14:30:00Z,11,12,10.9,11.5,300
2024-03-05T15:30:00Z,11.5,11.6,11.2,11.25,150
2024-03-05T16:30:00Z,11.25,11.3,11.25,11.3,0
`;
writeFileSync(join(folder, 'US_ONE_60m.csv'), ONE);
writeFileSync(join(folder, 'US_TWO_1h.csv.gz'), gzipSync(ONE.replaceAll(',11', ',12')));

writeFileSync(
  join(folder, 'US_ONE_actions.csv'),
  'ex_date,kind,ratio,amount,pay_date,source\n2024-03-05,split,2,0,,made up for the contract\n',
);

const recorded = (): ReturnType<typeof recordedProvider> =>
  recordedProvider({ folder, prefix: 'US', bar: '60m', barEndMs: barEndsOf(index) });

describeProvider({ name: 'recorded', instruments: ['ONE', 'TWO'], acts: true, make: async () => recorded() });
describeProvider({
  name: 'simulated',
  instruments: ['AAA', 'BBB'],
  acts: false,
  make: async () => simulatedProvider({ seed: 'contract', index, instruments: ['AAA', 'BBB'] }),
});
