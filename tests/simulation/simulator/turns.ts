import type { Random } from '../../../shared/kernel/random.ts';

interface Ticket {
  readonly who: number;
  readonly go: () => void;
}

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Lets processes that run at once take turns in an order drawn from a seed: each waits before each call on a store until
 * all others wait too or have ended, then one goes on. Nothing in a run waits for anything else, so one turn of the event
 * loop brings every process to its next call, and the same seed gives the same order on every machine.
 */
export class Turns {
  readonly #random: Random;
  #waiting: Ticket[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Waits for the turn of process `who`. */
  take(who: number): Promise<void> {
    return new Promise((go) => this.#waiting.push({ who, go }));
  }

  /** Runs processes at once until all have ended, what they left behind included. */
  async run(processes: readonly (() => Promise<void>)[]): Promise<void> {
    let live = processes.length;
    for (const start of processes) void start().finally(() => live--);
    await turnOfTheLoop();
    while (live > 0 || this.#waiting.length > 0) {
      const tickets = this.#waiting.sort((a, b) => a.who - b.who);
      const [drawn] = tickets.splice(this.#random.below(tickets.length), 1);
      drawn?.go();
      await turnOfTheLoop();
    }
  }
}
