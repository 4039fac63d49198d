import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { openConfig, readConfigFiles } from '../../functions/runtime/config-files.ts';
import { configFromValues } from '../../shared/config/assemble.ts';
import { configValues, parseConfig } from '../../shared/config/config.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';

const FOLDERS = ['configs', 'samples/configs', 'samples/rehearsal'] as const;

describe('a configuration from its stored values', () => {
  it.each(FOLDERS)('is the one of its texts: %s', (folder) => {
    const { texts } = readConfigFiles(folder);
    const parsed = parseConfig(texts);
    // As it comes back from a store.
    const values = JSON.parse(JSON.stringify(configValues(texts))) as ReturnType<typeof configValues>;
    expect(configFromValues(values, parsed.fileHashes)).toEqual(parsed);
    expect(Object.keys(values)).toEqual([...texts.keys()]);
  });

  const { texts } = readConfigFiles('configs');
  const { fileHashes } = parseConfig(texts);
  const values = configValues(texts);
  const changed = (path: string, change: Record<string, unknown>): typeof values => ({
    ...values,
    [path]: { ...(values[path] as object), ...change } as never,
  });

  it.each([
    ['a field too many', changed('portfolio.yaml', { more: 1 }), 'portfolio.yaml: (root): '],
    [
      'a field of another kind',
      changed('markets/crypto.yaml', { warmup_bars: '120' }),
      'markets/crypto.yaml: warmup_bars: ',
    ],
    [
      'a reference to nothing',
      changed('markets/crypto.yaml', { universe: 'none' }),
      'universe: none does not exist',
    ],
    [
      'no values of a file that is hashed',
      { ...values, 'operators.yaml': undefined as never },
      'operators.yaml: (root): ',
    ],
  ])('is refused with %s', (_what, given, message) => {
    expect(() => configFromValues(given, fileHashes)).toThrow(ConfigError);
    expect(() => configFromValues(given, fileHashes)).toThrow(message);
  });

  it('is refused without a file that every configuration needs', () => {
    const { 'operators.yaml': _, ...others } = fileHashes;
    expect(() => configFromValues(values, others)).toThrow('operators.yaml: is missing');
  });
});

describe('the rehearsal', () => {
  const market = (folder: string, name: string): Record<string, unknown> => {
    const { texts } = readConfigFiles(folder);
    // Read by another program than the product's schemas, which would fill in what is left out.
    return parse(texts.get(`markets/${name}.yaml`)!) as Record<string, unknown>;
  };
  const names = ['ashares', 'crypto', 'us_equities'];

  it('has every shipped market, on made-up bars alone', () => {
    const { config } = openConfig('samples/rehearsal');
    expect([...config.markets.keys()].sort()).toEqual(names);
    for (const { config: one } of config.markets.values())
      expect(one.providers.map(({ kind }) => kind)).toEqual(['simulated']);
    expect([...openConfig('configs').config.markets.keys()].sort()).toEqual(names);
  });

  it.each(names)('differs from what is shipped in its source and what a recovery takes: %s', (name) => {
    const [shipped, rehearsed] = [market('configs', name), market('samples/rehearsal', name)];
    const withoutSource = ({ providers: _, ...rest }: Record<string, unknown>) => rest;
    const killSwitch = structuredClone(shipped['kill_switch']) as { recovery: Record<string, unknown> };
    expect(killSwitch.recovery['level_max']).toBe('GREEN');
    killSwitch.recovery['level_max'] = 'YELLOW';
    expect(withoutSource(rehearsed)).toEqual({ ...withoutSource(shipped), kill_switch: killSwitch });
    expect(rehearsed['providers']).not.toEqual(shipped['providers']);
  });

  it('has no other file of its own', () => {
    const { origin, texts } = readConfigFiles('samples/rehearsal');
    const own = [...texts.keys()].filter((path) => origin(path).startsWith('samples/rehearsal/markets'));
    expect(own).toEqual(names.map((name) => `markets/${name}.yaml`));
    expect([...texts.keys()].sort()).toEqual([...readConfigFiles('configs').texts.keys()].sort());
    const others = [...texts.keys()].filter((path) => !own.includes(path) && path !== 'config.yaml');
    for (const path of others) expect(origin(path), path).toBe(`configs/${path}`);
  });
});
