import { lineSource, type MarketRuntime } from '../../../functions/runtime/runtime.ts';
import { marketRuntimeOf } from '../../../functions/runtime/market-runtime.ts';
import { openLedger } from '../../../infra/local/open-ledger.ts';
import { copyContents, memoryStores, type MemoryContents } from '../../../shared/stores/memory.ts';
import type { Layout } from './layouts.ts';
import { writeKind } from './write-kinds.ts';

/** A ledger before its first tick. */
export interface Opened {
  readonly contents: MemoryContents;
  readonly market: MarketRuntime;
}

/** Stands for the source tree, so that a run does not change with every edit. */
export const CODE_SHA256 = `sha256:${'0'.repeat(64)}` as const;

/** Called around every write of an opening. */
export type AroundWrite = (kind: string, phase: 'before' | 'after') => void;

/** Opens a ledger over some contents, or goes on where an opening was killed. */
export async function openOver(
  contents: MemoryContents,
  layout: Layout,
  around?: AroundWrite,
): Promise<Opened> {
  const { plan, config, configTexts } = layout;
  const onWrite = (name: string, phase: 'before' | 'after'): void => around?.(writeKind(name), phase);
  const opened = await openLedger(
    memoryStores({ contents, onWrite }),
    plan,
    config,
    configTexts,
    CODE_SHA256,
  );
  const { files, rules, provider, executionProvider, rates } = plan;
  const market = {
    ...marketRuntimeOf({
      ...{ config, files, rules, opened, codeSha256: CODE_SHA256, provider, executionProvider, rates },
    }),
    // What a source of lines keeps never changes an answer: all worlds of a layout may share it.
    line: lineOf(layout),
  };
  return { contents, market };
}

const openings = new Map<string, Promise<Opened>>();

/** The layout's ledger as it was opened once in this process of the operating system: to be copied, not changed. */
export function openedOnce(layout: Layout): Promise<Opened> {
  const known = openings.get(layout.name) ?? openOver(copyContents(), layout);
  openings.set(layout.name, known);
  return known;
}

const lines = new Map<string, MarketRuntime['line']>();

function lineOf({ name, plan }: Layout): MarketRuntime['line'] {
  const known = lines.get(name) ?? lineSource(plan.rules);
  lines.set(name, known);
  return known;
}
