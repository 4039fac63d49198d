import { ConfigError } from '../../../shared/kernel/errors.ts';

/** Metrics that alarms watch, by what they are billed as; each alarm pays for every metric in it. */
export interface AlarmFacts {
  readonly standard: number;
  /** Of a period under a minute. */
  readonly fast: number;
  readonly composite: number;
}

type Properties = Readonly<Record<string, unknown>>;

interface MetricQuery {
  readonly Expression?: string;
  readonly MetricStat?: {
    readonly Metric: {
      readonly Namespace: string;
      readonly MetricName: string;
      readonly Dimensions?: unknown;
    };
    readonly Period: number;
  };
}

/** The metrics of one alarm: its own, or those of its expression. */
function queriesOf(alarm: Properties): { namespace: string; name: string; period: number }[] {
  if (typeof alarm['MetricName'] === 'string') {
    const name = seriesName(alarm['MetricName'], alarm['Dimensions']);
    return [{ namespace: String(alarm['Namespace']), name, period: Number(alarm['Period'] ?? 60) }];
  }
  return ((alarm['Metrics'] ?? []) as readonly MetricQuery[]).flatMap(({ MetricStat: stat }) =>
    stat === undefined
      ? []
      : [
          {
            namespace: stat.Metric.Namespace,
            name: seriesName(stat.Metric.MetricName, stat.Metric.Dimensions),
            period: stat.Period,
          },
        ],
  );
}

/** A metric and its dimensions: CloudWatch bills every combination as a metric of its own. */
function seriesName(name: string, dimensions: unknown): string {
  const pairs = ((dimensions ?? []) as readonly { Name: string; Value: unknown }[]).map(
    ({ Name, Value }) => `${Name}=${typeof Value === 'string' ? Value : JSON.stringify(Value)}`,
  );
  return [name, ...pairs.sort()].join(' ');
}

export function alarmFacts(alarms: readonly Properties[]): Omit<AlarmFacts, 'composite'> {
  const periods = alarms.flatMap((alarm) => queriesOf(alarm).map(({ period }) => period));
  const fast = periods.filter((period) => period < 60).length;
  return { standard: periods.length - fast, fast };
}

/** Metrics of AWS's own namespaces cost nothing. */
const isCustom = (namespace: string): boolean => !namespace.startsWith('AWS/');

export const metricsOfAlarms = (alarms: readonly Properties[]): string[] =>
  alarms
    .flatMap(queriesOf)
    .filter(({ namespace }) => isCustom(namespace))
    .map(({ namespace, name }) => `${namespace} ${name}`);

interface Widget {
  readonly properties?: { readonly metrics?: readonly (readonly unknown[])[] };
}

/**
 * Custom metrics in the bodies of dashboards, where `.` repeats what stands above and an object ends a row.
 * @throws ConfigError on `...`, which hides how many dimensions there are.
 */
export function metricsOfDashboards(bodies: readonly string[]): string[] {
  return bodies.flatMap((body) => {
    const { widgets } = JSON.parse(body) as { widgets?: readonly Widget[] };
    return (widgets ?? []).flatMap(({ properties }) => {
      let above: string[] = [];
      return (properties?.metrics ?? []).flatMap((row) => {
        const words = row.filter((word): word is string => typeof word === 'string');
        if (words.length < 2) return [];
        if (words.includes('...'))
          throw new ConfigError('a dashboard abbreviates a metric by "...": spell it out');
        above = words.map((word, index) => (word === '.' ? (above[index] ?? '') : word));
        const [namespace, name, ...rest] = above as [string, string, ...string[]];
        const dimensions = rest.flatMap((Name, index) =>
          index % 2 === 0 ? [{ Name, Value: rest[index + 1] ?? '' }] : [],
        );
        return isCustom(namespace) ? [`${namespace} ${seriesName(name, dimensions)}`] : [];
      });
    });
  });
}
