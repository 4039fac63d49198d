import { certifyVerb } from '../certify.ts';

export const verb = certifyVerb('lookahead', 'lookahead_report.json', {
  head: ['market', 'ticks', 'decisions', 'against the full run', 'against the ledger', 'head', 'result'],
  rows: ({ market, compared, differences, head, result }) => [
    [
      market,
      String(compared.ticks),
      String(compared.decisions),
      String(differences.full_run),
      String(differences.ledger),
      head.sha256,
      result,
    ],
  ],
});
