import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Io } from './io.ts';

/** How often a run redraws its line: every hundredth of the way. Counted, not timed: the clock is an input. */
const REDRAWS = 100;

/** A single line on stderr that says how far a run is; silent where stderr is no terminal. */
export class Progress {
  readonly #io: Io;
  readonly #label: string;
  readonly #total: number;
  readonly #every: number;
  #count = 0;

  constructor(io: Io, label: string, total: number) {
    this.#io = io;
    this.#label = label;
    this.#total = total;
    this.#every = Math.max(1, Math.floor(total / REDRAWS));
  }

  /**
   * Counts one step. Await it: now and then it lets the event loop turn, without which Ctrl-C would have to wait for
   * the end of a run that never leaves the processor.
   */
  async step(): Promise<void> {
    this.#count++;
    if (this.#count % this.#every !== 0) return;
    this.#draw(`${this.#label} ${this.#count}/${this.#total}`);
    await nextTurn();
  }

  /** Clears the line, so that what follows starts on a clean one. */
  done(): void {
    this.#draw('');
  }

  #draw(text: string): void {
    if (this.#io.errIsTty) this.#io.err(`\r\u001b[2K${text}`);
  }
}
