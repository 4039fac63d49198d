import type { MarketFiles } from '../config/config.ts';
import type { CostProfile } from '../config/cost-profile-schema.ts';
import type { TradingRulesConfig } from '../config/trading-rules-schema.ts';

/** execution_assumptions.md: what the paper fills assume, in words and with the figures in force. */
export function assumptionsMarkdown(markets: readonly MarketFiles[]): string {
  const parts = markets.map(({ config, fillSpec, costProfile, tradingRules }) =>
    [
      `## ${config.market}`,
      '',
      `- Price: \`${fillSpec.price_mode}\` of the bar ${fillSpec.delay_bars} after the decision's, plus or minus costs. \`vwap\` needs the bar's turnover and \`mid\` quotes; where they are guessed from high, low and close, a buy pays at least the open and a sell gets at most the open.`,
      `- Bars of execution: ${config.execution_bar_size ?? `the decision's own, ${config.bar_size}`}.`,
      `- Moment: the decision stands ${fillSpec.decision_delay_s} s after the bar's close in a replay, and needs ${fillSpec.latency_ms_min} ms more to reach the market. ${early(config, fillSpec)}`,
      `- Participation: at most ${percent(fillSpec.participation_cap)} of the execution bar's volume; the remainder waits up to ${fillSpec.deadline_bars} more bars, then the order ends \`partially_filled\` or \`expired\`.`,
      `- No fill in a bar that is absent, void, stale or without volume, and none against a price limit that is reached at the fill's own price. Limits, lots and sessions until a sale are those of \`${tradingRules.name}\` version ${tradingRules.version}, by date.`,
      `- Fees: cost profile \`${costProfile.name}\` version ${costProfile.version}, by date, for ${costProfile.liquidity} orders; a fee with a minimum is charged once an order.`,
      ...friction(costProfile),
      `- Holding: ${holding(costProfile)}`,
      `- Facts: ${unconfirmed(costProfile, tradingRules)}`,
      `- Corporate actions: a split changes quantity and cost at the ex-date; a dividend is due from the ex-date and in cash from the pay date, net of withholding; shorts pay it.`,
      `- Costs of an order row are averages over what filled, in bps of the decision price; an order that filled nothing cost nothing.`,
      `- Marks are exit values: the last valid close less the fee and base half spread of leaving.`,
      `- Shorting: ${config.shorting ? 'allowed' : 'not allowed; a SHORT becomes FLAT'}.`,
      '',
    ].join('\n'),
  );
  return `# Execution assumptions\n\nPaper trading only: no real order is placed.\n\n${parts.join('\n')}`;
}

function friction({ model, half_spread: spread, impact, fixed_v1: fixed }: CostProfile): string[] {
  if (model === 'fixed_v1')
    return [
      `- Slippage: ${fixed.slippage_bps} bps, whatever the bar.`,
      `- Impact: ${fixed.impact_bps} bps, whatever the size.`,
    ];
  return [
    `- Slippage: half the quoted spread; else half the spread estimated from the bars before the first tick; else ${spread.base_bps} bps; at least half a tick and ${spread.floor_bps} bps. Widened by the bar's move, its volume and the time of day.`,
    impact.model === 'square_root'
      ? `- Impact: ${impact.y} x daily volatility x sqrt(order / average daily traded value).`
      : `- Impact: half the permanent (${impact.gamma}) and the temporary one (${impact.eta}) of Almgren et al. 2005, over one bar.`,
  ];
}

function holding({ holding: rows }: CostProfile): string {
  if (rows.length === 0) return 'nothing is charged.';
  const charges = [...new Set(rows.map((row) => `${row.name} of ${row.position} positions`))];
  return `${charges.join(', ')}, by date, on the value held at each interval.`;
}

/** How many of the dated rows were read in a source that says so. */
function unconfirmed(costs: CostProfile, rules: TradingRulesConfig): string {
  const { lots, settlement, price_limits: limits, dividends } = rules;
  const rows = [...costs.fees, ...costs.holding, ...lots, ...settlement, ...limits, ...dividends];
  const open = rows.filter(({ confirmed }) => !confirmed).length;
  return `${open} of the ${rows.length} dated rows behind costs and rules are assumptions or were not confirmed; each says why in its \`source\`.`;
}

const early = (config: MarketFiles['config'], spec: MarketFiles['fillSpec']): string =>
  spec.open_struck_before_freeze && config.execution_bar_size === undefined
    ? `A bar struck up to ${spec.open_struck_within_s_max} s before may fill, is charged volatility x sqrt(delay), and is counted.`
    : 'A bar struck before that never fills.';

const percent = (share: number): string => `${Math.round(share * 1e4) / 100} %`;
