import { main } from '../../cli/main.ts';

/** Runs a command in this process, away from any terminal: its exit code, and what it told stdout and stderr. */
export async function papergate(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const told = { out: '', err: '' };
  const io = {
    out: (text: string) => void (told.out += text),
    err: (text: string) => void (told.err += text),
    ...{ outIsTty: false, errIsTty: false, env: {} },
  };
  return { code: await main(argv, io), ...told };
}
