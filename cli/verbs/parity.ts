import { certifyVerb } from '../certify.ts';

export const verb = certifyVerb('parity', 'parity_certificate.json', {
  head: ['market', 'ticks', 'decisions', 'orders', 'fills', 'postings', 'differences', 'head', 'result'],
  rows: ({ market, compared, differences, head, result }) => [
    [
      market,
      String(compared.ticks),
      String(compared.decisions),
      String(compared.orders),
      String(compared.fills),
      String(compared.postings),
      String(Object.values(differences).reduce((sum, count) => sum + count, 0)),
      head.sha256,
      result,
    ],
  ],
});
