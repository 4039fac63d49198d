import { healthCheck } from '../../../functions/health-check/handler.ts';
import { reconcile } from '../../../functions/runtime/reconcile.ts';
import type { Runtime } from '../../../functions/runtime/runtime.ts';
import { watchSwitch } from '../../../functions/switch-watcher/handler.ts';
import { operateReplay } from '../../../infra/local/simulated-operator.ts';
import { readHead } from '../../../shared/ledger/chain.ts';
import { SYSTEM } from '../../../shared/risk/switch-machine.ts';
import type { JobName } from './hooks.ts';
import { latchIn } from './switch-truth.ts';
import type { World } from './world.ts';

/** What runs on a market beside its ticks. */
export interface Job {
  readonly name: JobName;
  readonly work: (runtime: Runtime, world: World) => Promise<unknown>;
}

/** The watcher, told that a parameter of the switch changed. */
export const watch: Job = {
  name: 'watch',
  work: (runtime, { layout }) => watchSwitch({ markets: [layout.market] }, runtime),
};

/** A health check, as its schedule holds it after every bar. */
export const check: Job = {
  name: 'check',
  work: (runtime, { layout }) => healthCheck({ market: layout.market }, runtime),
};

/** The simulated operator of a replay: a check while the market is halted by itself, and a request when it is due. */
export const operate: Job = {
  name: 'ask',
  work: (runtime, { layout }) => operateReplay(runtime, runtime.market(layout.market)),
};

/** Who asks for a recovery, and why. */
export interface Request {
  readonly actor: string;
  readonly reason: string;
}

/**
 * Somebody asks for a recovery as one would in a console: looks whether the market is halted, puts to `false` what is
 * not, the market's own parameter last, and has the switch answer. Whoever comes back at the same moment goes on with
 * the request that stands, and asks no second time where it was answered.
 */
export const ask = ({ actor, reason }: Request): Job => ({
  name: 'ask',
  work: async (runtime, world) => {
    const { market } = world.layout;
    const { parameters } = runtime.stores;
    if (latchIn(world.contents, market)?.state !== 'HALTED') return;
    const own = await parameters.get(`DISABLE_TRADING/${market}`);
    if (own?.changedBy === SYSTEM && own.changedAtMs === runtime.clock.now()) return;
    for (const name of ['DISABLE_TRADING', `DISABLE_TRADING/${market}`]) {
      if ((await parameters.get(name))?.value === 'false') continue;
      const changedAtMs = runtime.clock.now();
      await parameters.put(name, { value: 'false', changedAtMs, changedBy: actor, description: reason });
    }
    await reconcile(runtime, runtime.market(market));
  },
});

/** Whoever may start again, with a reason that is one. */
export const ADMIN: Request = { actor: 'admin', reason: 'what halted it was found and repaired' };

/** An admin on duty, who asks after every tick once a market has been halted for as many bars as there are to be checks. */
export const onDuty: Job = {
  name: 'ask',
  work: async (runtime, world) => {
    const { market } = world.layout;
    const halted = latchIn(world.contents, market);
    const at = await readHead(runtime.stores, market);
    if (at!.head.ordinal - (halted?.ordinal ?? Infinity) >= 3) await ask(ADMIN).work(runtime, world);
  },
};
