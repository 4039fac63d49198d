import { EXIT } from '../exit-codes.ts';
import { configOption, loadConfig } from '../options.ts';
import type { Verb } from '../verb.ts';

export const verb: Verb<{ config: string }> = {
  configure: (command) => command.addOption(configOption()),

  run({ config: folder }, io) {
    const { markets, hash } = loadConfig(folder);
    for (const [name, { config, universe }] of markets) {
      const { bar_size, exchange, starting_capital, currency } = config;
      io.out(
        `${name}: ${universe.instruments.length} instruments of ${universe.name}, ${bar_size} bars of ${exchange}, ` +
          `${starting_capital} ${currency}\n`,
      );
    }
    io.out(`config ${hash}\n`);
    return EXIT.ok;
  },
};
