import { join } from 'node:path';
import { Option } from 'commander';
import { stringify } from 'yaml';
import * as z from 'zod';
import { SCHEMAS, type Config, type MarketFiles } from '../../shared/config/config.ts';
import { canonicalJson } from '../../shared/kernel/canonical.ts';
import { EXIT } from '../exit-codes.ts';
import { configOption, loadConfig, pick, shippedConfigs } from '../options.ts';
import { writeFileWhole } from '../write-file.ts';
import type { SubVerb } from '../verb.ts';

const show: SubVerb<{ config: string; market?: string; json?: true }> = {
  describe: 'print the configuration with every reference resolved',
  configure: (command) =>
    command
      .addOption(configOption())
      .option('--market <name>', 'only what concerns this market')
      .option('--json', 'canonical JSON (RFC 8785) in place of YAML'),

  run({ config: folder, market, json }, io) {
    const config = loadConfig(folder);
    const resolved = z.json().parse(market === undefined ? whole(config) : ofMarket(config, market));
    // Two markets may share a file: it is written out twice, since anchors are refused where it is read.
    io.out(
      json
        ? `${canonicalJson(resolved)}\n`
        : stringify(resolved, { lineWidth: 0, aliasDuplicateObjects: false }),
    );
    return EXIT.ok;
  },
};

const schemas: SubVerb<{ out: string }> = {
  describe: 'write the JSON Schema of every kind of file, for editors',
  configure: (command) =>
    command.addOption(
      new Option('--out <dir>', 'folder to write to').default(
        join(shippedConfigs, 'schemas'),
        'configs/schemas of papergate',
      ),
    ),

  run({ out }, io) {
    for (const [name, text] of jsonSchemas()) {
      const path = join(out, name);
      writeFileWhole(path, text);
      io.out(`${path}\n`);
    }
    return EXIT.ok;
  },
};

export const verbs = { show, schemas };

/** Text of every JSON Schema by file name. They describe what one writes, so a key with a default is optional. */
export const jsonSchemas = (): Map<string, string> =>
  new Map(
    Object.entries(SCHEMAS).map(([name, schema]) => [
      `${name}.schema.json`,
      `${JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), null, 2)}\n`,
    ]),
  );

const whole = (config: Config): object => ({
  hash: config.hash,
  markets: Object.fromEntries([...config.markets].map(([name, files]) => [name, bundle(files)])),
  calendars: Object.fromEntries(config.calendars),
  thresholds: config.thresholds,
  operators: config.operators,
  file_hashes: config.fileHashes,
});

function ofMarket(config: Config, name: string): object {
  const files = pick(config.markets, name, '--market');
  return {
    hash: config.hash,
    ...bundle(files),
    calendar: pick(config.calendars, files.config.exchange, 'exchange'),
    thresholds: config.thresholds,
  };
}

const bundle = (files: MarketFiles): object => ({
  market: files.config,
  universe: files.universe,
  fill_spec: files.fillSpec,
  cost_profile: files.costProfile,
  model: files.policy,
  portfolio: files.portfolio,
});
