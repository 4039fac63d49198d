import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { lambdaOf, marketOf } from '../runtime/aws/lambda.ts';
import { parseSettings } from '../runtime/aws/settings.ts';
import { healthFigures, MARKET_FIGURES, STAGE_FIGURES, type Figures } from './figures.ts';
import { healthCheck } from './handler.ts';

const { PAPERGATE_STAGE: stage } = parseSettings(process.env);

/** Publishes a market's figures in the embedded metric format: the metrics are lines of the log. */
function publish(market: string, figures: Figures): void {
  const ofMarket = new Metrics({
    namespace: 'Papergate',
    serviceName: 'papergate',
    defaultDimensions: { stage, market },
  });
  for (const name of MARKET_FIGURES) ofMarket.addMetric(name, MetricUnit.Count, figures[name]);
  ofMarket.publishStoredMetrics();
  const ofStage = new Metrics({
    namespace: 'Papergate',
    serviceName: 'papergate',
    defaultDimensions: { stage },
  });
  for (const name of STAGE_FIGURES) ofStage.addMetric(name, MetricUnit.Count, figures[name]);
  ofStage.publishStoredMetrics();
}

export const handler = lambdaOf({
  name: 'health-check',
  markets: marketOf,
  handle: async (event, runtime) => {
    const check = await healthCheck(event, runtime);
    const [name] = marketOf(event);
    const figures = await healthFigures(runtime, runtime.market(name), check);
    runtime.log({ message: 'health', market: name, ...figures });
    publish(name, figures);
    return check;
  },
});
