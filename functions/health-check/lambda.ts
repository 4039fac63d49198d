import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { RANK } from '../../shared/risk/gate-row.ts';
import { lambdaOf, marketOf } from '../runtime/aws/lambda.ts';
import { parseSettings } from '../runtime/aws/settings.ts';
import { healthFigures, MARKET_FIGURES, STAGE_FIGURES, type Figures } from './figures.ts';
import { healthCheck } from './handler.ts';

const { PAPERGATE_STAGE: stage } = parseSettings(process.env);

/** Publishes figures in the embedded metric format: the metrics are lines of the log. */
function publish(dimensions: Readonly<Record<string, string>>, figures: Partial<Figures>): void {
  const metrics = new Metrics({
    namespace: 'Papergate',
    serviceName: 'papergate',
    defaultDimensions: { stage, ...dimensions },
  });
  for (const [name, value] of Object.entries(figures)) metrics.addMetric(name, MetricUnit.Count, value);
  metrics.publishStoredMetrics();
}

const only = (figures: Figures, names: readonly (keyof Figures)[]): Partial<Figures> =>
  Object.fromEntries(names.map((name) => [name, figures[name]]));

export const handler = lambdaOf({
  name: 'health-check',
  markets: marketOf,
  handle: async (event, runtime) => {
    const [name] = marketOf(event);
    const check = await healthCheck(event, runtime);
    const figures = await healthFigures(runtime, runtime.market(name), check);
    runtime.log({ message: 'health', market: name, ...figures });
    publish({ market: name }, only(figures, MARKET_FIGURES));
    publish({}, only(figures, STAGE_FIGURES));
    return check;
  },
  // A check that meets damage counts nothing else, and these are what its alarms wait for.
  onDamage: (event) => {
    publish({ market: marketOf(event)[0] }, { Level: RANK.RED });
    publish({}, { IntegrityErrors: 1 });
  },
});
