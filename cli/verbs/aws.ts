import { openConfig } from '../../functions/runtime/config-files.ts';
import { sourceHash } from '../../functions/runtime/source-hash.ts';
import type { Started } from '../../infra/aws/bootstrap.ts';
import { canonicalJson, type Json } from '../../shared/kernel/canonical.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { systemClock } from '../../shared/kernel/time.ts';
import { EXIT } from '../exit-codes.ts';
import { mayColor, type Io } from '../io.ts';
import { configOption } from '../options.ts';
import { renderTable } from '../output.ts';
import type { SubVerb } from '../verb.ts';

interface Staged {
  readonly stage: string;
}

const bootstrap: SubVerb<Staged & { config: string; json?: true }> = {
  describe:
    'start a deployed stage: open its ledgers, accept its bundles, ask its sources, look at its health',
  configure: (command) =>
    command
      .requiredOption('--stage <name>', 'the stage that was deployed')
      .addOption(configOption())
      .option('--json', 'canonical JSON (RFC 8785) in place of a table'),
  async run({ stage, config: folder, json }, io) {
    const { config, texts: configTexts } = openConfig(folder);
    // The clients of AWS are loaded only where a stage is worked on.
    const { deployedStage, stageStores } = await import('../../infra/aws/deployed-stage.ts');
    const { bootstrapStage } = await import('../../infra/aws/bootstrap.ts');
    const { invokeIn } = await import('../../infra/aws/invoke.ts');
    const deployed = await deployedStage(stage);
    const { stores, close } = stageStores(deployed);
    try {
      const started = await bootstrapStage({
        ...{ deployed, stores, config, configTexts },
        ...{ codeSha256: sourceHash(), clock: systemClock, invoke: invokeIn(stage) },
        say: (line) => io.err(`${line}\n`),
      });
      io.out(json ? `${canonicalJson(started as unknown as Json)}\n` : startedText(stage, started, io));
      return EXIT.ok;
    } finally {
      close();
    }
  },
};

function startedText(stage: string, started: readonly Started[], io: Io): string {
  const rows = started.map(({ market, opened, probed, checks, release }) => {
    const last = checks.at(-1)!;
    return [
      market,
      opened ? 'opened' : 'was there',
      `${probed.provider}${probed.live ? '' : ' (not live)'}`,
      `${probed.seen} of ${probed.instruments} at ${probed.bar_utc}`,
      `${last.data} ${last.model} ${last.risk}`,
      release,
    ];
  });
  const head = ['market', 'ledger', 'source', 'bars seen', 'data model risk', 'release'];
  return `${renderTable(head, rows, { color: mayColor(io) })}
Every market is HALTED. Its schedules run now; when three health checks on bars in a row are good
(papergate status --stage ${stage}), an ops_admin starts it:

  papergate resume --stage ${stage} --confirm <market> --actor <you> --reason '<why>'

or in the console: Systems Manager, Parameter Store, set /papergate/${stage}/DISABLE_TRADING/<market>, and
/papergate/${stage}/DISABLE_TRADING where it is not, to false, with the reason as its description.
`;
}

const undelivered: SubVerb<Staged & { json?: true }> = {
  describe: 'show events and schedules of a stage that could not be delivered; nothing sends them again',
  configure: (command) =>
    command
      .requiredOption('--stage <name>', 'the stage that was deployed')
      .option('--json', 'canonical JSON (RFC 8785) in place of a table'),
  async run({ stage, json }, io) {
    const { deployedStage } = await import('../../infra/aws/deployed-stage.ts');
    const { undelivered: read } = await import('../../infra/aws/undelivered.ts');
    const found = await read((await deployedStage(stage)).outputs.DeadLettersUrl);
    if (json) io.out(`${canonicalJson(found as unknown as Json)}\n`);
    else if (found.length === 0) io.out('everything was delivered\n');
    else {
      const rows = found.map(({ sent_at_utc, error, body }) => [sent_at_utc, error, body.slice(0, 120)]);
      io.out(renderTable(['sent', 'error', 'what'], rows, { color: mayColor(io) }));
    }
    return EXIT.ok;
  },
};

const teardown: SubVerb<Staged & { confirm: string }> = {
  describe: 'take a stage for trials away, its evidence included; a prod is refused',
  configure: (command) =>
    command
      .requiredOption('--stage <name>', 'the stage that was deployed')
      .requiredOption('--confirm <stage>', 'the name of the stage once more: what is deleted is gone'),
  async run({ stage, confirm }, io) {
    if (confirm !== stage)
      throw new ConfigError(`--confirm ${confirm}: expected ${stage}, the name of the stage, typed out`);
    const { teardownStage } = await import('../../infra/aws/teardown-stage.ts');
    await teardownStage(stage, (line) => io.err(`${line}\n`));
    io.out(`stage ${stage} is gone\n`);
    return EXIT.ok;
  },
};

export const verbs = { bootstrap, undelivered, teardown };
