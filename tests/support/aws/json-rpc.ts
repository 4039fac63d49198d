import { loopback, type Loopback } from './loopback.ts';

/** A refusal as AWS's JSON services give it. */
export class Refusal extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message = code, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

type Operation = (input: Record<string, unknown>) => unknown;

/** A call that a server got, in order of arrival. */
export interface Call {
  readonly operation: string;
  readonly input: Record<string, unknown>;
}

export interface JsonRpcServer extends Loopback {
  readonly calls: Call[];
}

/** A service of AWS's JSON protocols: one function an operation, by the name behind the dot of `X-Amz-Target`. */
export async function jsonRpcServer(operations: Readonly<Record<string, Operation>>): Promise<JsonRpcServer> {
  const calls: Call[] = [];
  const server = await loopback((request, body, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1)!;
    const reply = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(value));
    };
    try {
      const input = JSON.parse(body.toString()) as Record<string, unknown>;
      calls.push({ operation, input });
      const run = operations[operation];
      if (run === undefined) throw new Refusal('UnknownOperationException', operation);
      reply(200, run(input) ?? {});
    } catch (error) {
      const refusal =
        error instanceof Refusal ? error : new Refusal('InternalServerError', String(error), 500);
      reply(refusal.status, { __type: refusal.code, message: refusal.message });
    }
  });
  return { ...server, calls };
}
