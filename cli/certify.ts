import type { Command } from 'commander';
import { certifyLedger } from '../infra/local/certify.ts';
import { canonicalJson, type Json } from '../shared/kernel/canonical.ts';
import type { Certificate } from '../shared/ledger/certificates.ts';
import type { CertificateKind } from '../shared/ledger/keys.ts';
import { EXIT } from './exit-codes.ts';
import { mayColor, type Io } from './io.ts';
import { onLedger, placeOptions, type Place } from './ledger.ts';
import { renderTable } from './output.ts';
import type { Verb } from './verb.ts';

interface Options extends Place {
  readonly market?: string;
  readonly json?: true;
}

/** How a kind of certificate is shown: the columns of its table, and a market's rows. */
export interface CertificateView<Kind extends CertificateKind> {
  readonly head: readonly string[];
  rows(certificate: Extract<Certificate, { kind: Kind }>): string[][];
}

/** The verb that certifies the heads of a ledger: the same options, files and exit codes for every kind. */
export function certifyVerb<Kind extends CertificateKind>(
  kind: Kind,
  file: string,
  view: CertificateView<Kind>,
): Verb<Options> {
  return {
    configure: (command: Command) =>
      placeOptions(command, `folder that was given to --out; processed/${file} is written there`)
        .option('--market <name>', 'only this market')
        .option('--json', 'canonical JSON (RFC 8785) in place of a table'),
    run: ({ market, json, ...place }, io) =>
      onLedger(place, 'write', async (stores) => {
        const { certificates, failure } = await certifyLedger(stores, { kinds: [kind], market });
        io.out(json ? jsonText(certificates, failure === undefined) : tableText(view, certificates, io));
        if (failure !== undefined) throw failure;
        return EXIT.ok;
      }),
  };
}

const jsonText = (certificates: readonly Certificate[], ok: boolean): string =>
  `${canonicalJson({ ok, markets: certificates } as unknown as Json)}\n`;

function tableText<Kind extends CertificateKind>(
  view: CertificateView<Kind>,
  certificates: readonly Certificate[],
  io: Io,
): string {
  const rows = certificates.flatMap((one) => view.rows(one as Extract<Certificate, { kind: Kind }>));
  return renderTable(view.head, rows, { color: mayColor(io) });
}
