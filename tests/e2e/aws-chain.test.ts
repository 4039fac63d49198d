import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sourceHash } from '../../functions/runtime/source-hash.ts';
import { replayMarket } from '../../infra/local/replay.ts';
import { isoUtc, SECOND_MS } from '../../shared/kernel/time.ts';
import { readHead } from '../../shared/ledger/chain.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import { definition, type Layout } from '../support/chain.ts';
import { hasDynamo } from '../support/aws/dynamo-server.ts';
import { cloudTexts, laidOut } from '../support/aws/markets.ts';
import { openMarket, openStage, scheduledEvent, stageMachine, type Stage } from '../support/aws/stage.ts';

const TICKS = 48;
const texts = cloudTexts(['crypto', 'us_equities']);
const layouts: readonly Layout[] = [
  laidOut(texts, 'crypto', '2024-03-04', '2024-03-05'),
  laidOut(texts, 'us_equities', '2024-03-07', '2024-03-18'),
];

/** A tick of a layout: the moment its schedule is set for. */
const scheduledAt = ({ plan: { rules, line, firstRow } }: Layout, tick: number): string =>
  isoUtc(line.endMs[firstRow + tick]! + rules.config.schedule_offset_s * SECOND_MS);

describe.skipIf(!hasDynamo)('the chain as it is deployed', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(layouts[0]!.config, Date.UTC(2024, 1, 1));
  }, 60_000);
  afterAll(() => stage?.close());

  it.each(layouts.map((layout) => [layout.market, layout] as const))(
    'runs 48 ticks of %s to the head of the embedded run',
    { timeout: 120_000 },
    async (market, layout) => {
      await openMarket(stage, layout);
      const machine = stageMachine(stage, layout);
      for (let tick = 0; tick < TICKS; tick++)
        expect(
          await machine.run(scheduledEvent(stage, `${market}-tick-1`, scheduledAt(layout, tick))),
        ).toMatchObject({ status: 'committed', market });
      const { plan, config, configTexts } = layout;
      const embedded = memoryStores();
      await replayMarket({
        stores: embedded,
        definition: await definition(),
        plan: { ...plan, lastRow: plan.firstRow + TICKS - 1 },
        ...{ config, configTexts, codeSha256: sourceHash() },
      });
      const { head } = (await readHead(stage.stores, market))!;
      const expected = (await readHead(embedded, market))!.head;
      expect(head).toEqual(expected);
    },
  );
});
