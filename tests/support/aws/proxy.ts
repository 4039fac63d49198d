import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { loopback, type Loopback } from './loopback.ts';

/**
 * What goes wrong with one request. `lost`: it is carried out and its answer never comes. `half`: the answer's body breaks
 * off. `stalled`: the body stops and the connection stays. `hung`: nothing happens at all. `dribbled`: headers come for ever
 * and never end. Or an answer in place of the
 * server's, which is not asked.
 */
export type Fault =
  'lost' | 'half' | 'stalled' | 'hung' | 'dribbled' | { readonly status: number; readonly body: string };

export interface Proxy extends Loopback {
  /** One for each request to come, in turn; undefined lets a request through, as an empty list does. */
  readonly faults: (Fault | undefined)[];
  /** Bodies of the requests that came. */
  readonly bodies: string[];
}

/** Stands before another server and does to requests what a network does. */
export async function proxy(target: string): Promise<Proxy> {
  const faults: (Fault | undefined)[] = [];
  const bodies: string[] = [];
  const server = await loopback((message, body, response) => {
    bodies.push(body.toString());
    const fault = faults.shift();
    if (fault === 'hung') return;
    if (fault === 'dribbled') return dribble(message.socket);
    if (typeof fault === 'object') response.writeHead(fault.status).end(fault.body);
    else pass(target, message, body, (answer, whole) => relay(fault, response, answer, whole));
  });
  return { ...server, faults, bodies };
}

function pass(
  target: string,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
  done: (answer: IncomingMessage, whole: Buffer) => void,
): void {
  // The host stays as it was, since it is part of what is signed.
  const sent = forward(`${target}${url!}`, { method, headers, agent: false }, (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('end', () => done(answer, Buffer.concat(chunks)));
  });
  sent.end(body);
}

function dribble(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
  const timer = setInterval(() => socket.write('a'), 10);
  socket.once('close', () => clearInterval(timer));
}

function relay(
  fault: 'lost' | 'half' | 'stalled' | undefined,
  response: ServerResponse,
  answer: IncomingMessage,
  whole: Buffer,
): void {
  if (fault === 'lost') {
    response.destroy();
    return;
  }
  const { 'transfer-encoding': _, ...headers } = answer.headers;
  response.writeHead(answer.statusCode!, { ...headers, 'content-length': String(whole.length) });
  if (fault === undefined) response.end(whole);
  else
    response.write(whole.subarray(0, whole.length / 2), () => {
      if (fault === 'half') response.destroy();
    });
}
