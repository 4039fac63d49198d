import { fileURLToPath } from 'node:url';
import { readConfigFiles } from '../../../functions/runtime/config-files.ts';
import { planMarket } from '../../../infra/local/market-plan.ts';
import { parseConfig } from '../../../shared/config/config.ts';
import type { Layout, MarketName } from '../chain.ts';

/** The shipped configuration with made-up bars, which a Lambda can have, in place of recorded files. */
export function cloudTexts(
  markets: readonly MarketName[],
  changed: (text: string) => string = (text) => text,
): ReadonlyMap<string, string> {
  const { texts } = readConfigFiles(fileURLToPath(new URL('../../../configs', import.meta.url)));
  const made = (seed: string): string =>
    `providers:\n  - { kind: simulated, seed: ${seed}, start_session: '2023-01-03', end_session: '2024-12-30', trend_strength: 0.6, volatility_daily: 0.015 }\n`;
  return new Map(
    [...texts].flatMap(([path, text]) => {
      const market = /^markets\/(\w+)\.yaml$/.exec(path)?.[1];
      if (market === undefined) return [[path, text] as const];
      if (!markets.includes(market as MarketName)) return [];
      return [[path, changed(text).replace(/providers:\n( {2}- .*\n)+/, made(`${market}-1`))] as const];
    }),
  );
}

/** A market of a configuration's texts laid out over some dates. */
export function laidOut(
  texts: ReadonlyMap<string, string>,
  market: MarketName,
  from: string,
  to: string,
): Layout {
  const config = parseConfig(texts);
  const plan = planMarket({ config, market, symbols: undefined, barsFolder: undefined, from, to });
  return { market, plan, config, configTexts: texts };
}
