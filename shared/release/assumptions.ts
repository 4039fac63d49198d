import type { MarketFiles } from '../config/config.ts';

/** execution_assumptions.md: what the paper fills assume, in words and with the figures in force. */
export function assumptionsMarkdown(markets: readonly MarketFiles[]): string {
  const parts = markets.map(({ config, fillSpec, costProfile }) =>
    [
      `## ${config.market}`,
      '',
      `- Price: \`${fillSpec.price_mode}\` of the bar ${fillSpec.delay_bars} after the decision's, plus or minus costs. \`vwap\` needs the bar's turnover and \`mid\` quotes; where they are guessed from high, low and close, a buy pays at least the open and a sell gets at most the open.`,
      `- Moment: the decision stands ${fillSpec.decision_delay_s} s after the bar's close in a replay, and needs ${fillSpec.latency_ms_min} ms more to reach the market. ${early(fillSpec)}`,
      `- Participation: at most ${percent(fillSpec.participation_cap)} of the execution bar's volume; the remainder waits up to ${fillSpec.deadline_bars} more bars, then the order ends \`partially_filled\` or \`expired\`.`,
      `- No fill in a bar that is absent, void, stale or without volume.`,
      `- Fees: cost profile \`${costProfile.name}\` version ${costProfile.version}, by date; a fee with a minimum is charged once an order.`,
      `- Slippage: half a spread of ${costProfile.half_spread.base_bps} bps, widened by the bar's move, its volume and the time of day.`,
      `- Impact: ${costProfile.impact.y} x daily volatility x sqrt(order / average daily traded value).`,
      `- Costs of an order row are averages over what filled, in bps of the decision price; an order that filled nothing cost nothing.`,
      `- Marks are exit values: the last valid close less the fee and base half spread of leaving.`,
      `- Shorting: ${config.shorting ? 'allowed' : 'not allowed; a SHORT becomes FLAT'}.`,
      '',
    ].join('\n'),
  );
  return `# Execution assumptions\n\nPaper trading only: no real order is placed.\n\n${parts.join('\n')}`;
}

const early = (spec: MarketFiles['fillSpec']): string =>
  spec.open_struck_before_freeze
    ? `A bar struck up to ${spec.open_struck_within_s_max} s before may fill, is charged volatility x sqrt(delay), and is counted.`
    : 'A bar struck before that never fills.';

const percent = (share: number): string => `${Math.round(share * 1e4) / 100} %`;
