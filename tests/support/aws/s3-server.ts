import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import { loopback, type Loopback } from './loopback.ts';

interface Version {
  readonly id: string;
  /** undefined: a delete marker. */
  readonly bytes: Buffer | undefined;
  readonly contentType: string | undefined;
  readonly retained: boolean;
}

export interface S3Options {
  /** Keys in one page of a listing. */
  readonly pageMax?: number;
  /** Buckets whose versions cannot be deleted: object lock with a default retention. */
  readonly locked?: readonly string[];
}

export interface S3Server extends Loopback {
  /** `METHOD /bucket/key` of each request. */
  readonly calls: string[];
  /** Versions of a key, oldest first. */
  versions(bucket: string, key: string): readonly Version[];
  /** Changes the newest stored bytes and leaves their checksum: a damage at rest. */
  damage(bucket: string, key: string): void;
}

class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

interface Request {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** S3 with path-style buckets, which must be named at the start: versions, conditional puts, checksums, pages. */
export async function s3Server(buckets: readonly string[], options: S3Options = {}): Promise<S3Server> {
  const held = new Bucketful(buckets, options);
  const calls: string[] = [];
  const server = await loopback((message, body, response) => {
    const request = parsed(message, body);
    calls.push(`${request.method} /${request.bucket}/${request.key}`);
    try {
      held.answer(request, response);
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      const xml = `<Error><Code>${error.code}</Code><Message>${error.code}</Message></Error>`;
      response.writeHead(error.status, { 'content-type': 'application/xml' }).end(xml);
    }
  });
  return {
    ...server,
    calls,
    versions: (bucket, key) => held.of(bucket, key),
    damage: (...of) => held.damage(...of),
  };
}

function parsed(message: IncomingMessage, body: Buffer): Request {
  const url = new URL(message.url!, 'http://s3');
  const [bucket = '', ...key] = url.pathname.slice(1).split('/');
  return {
    ...{ method: message.method!, bucket, key: decodeURIComponent(key.join('/')), query: url.searchParams },
    ...{ headers: message.headers, body },
  };
}

class Bucketful {
  readonly #buckets: Map<string, Map<string, Version[]>>;
  readonly #checksums = new Map<Version, string>();
  readonly #options: S3Options;
  #ids = 0;

  constructor(buckets: readonly string[], options: S3Options) {
    this.#buckets = new Map(buckets.map((bucket) => [bucket, new Map<string, Version[]>()]));
    this.#options = options;
  }

  answer(request: Request, response: ServerResponse): void {
    const { method, bucket, key } = request;
    if (!this.#buckets.has(bucket)) throw new S3Error(404, 'NoSuchBucket');
    if (method === 'PUT') return this.#put(request, response);
    if (method === 'GET' && key === '') return this.#list(request, response);
    if (method === 'GET') return this.#get(request, response);
    if (method === 'DELETE') return this.#delete(request, response);
    throw new S3Error(405, 'MethodNotAllowed');
  }

  of(bucket: string, key: string): readonly Version[] {
    return this.#buckets.get(bucket)?.get(key) ?? [];
  }

  damage(bucket: string, key: string): void {
    const bytes = this.of(bucket, key).at(-1)!.bytes!;
    bytes[0] = bytes[0]! ^ 1;
  }

  #add(bucket: string, key: string, version: Omit<Version, 'id'>): Version {
    const added = { ...version, id: `v${++this.#ids}` };
    this.#buckets.get(bucket)!.set(key, [...this.of(bucket, key), added]);
    return added;
  }

  #put({ bucket, key, headers, body }: Request, response: ServerResponse): void {
    const { bytes, trailers } = decoded(headers, body);
    checkSums({ ...headers, ...trailers }, bytes);
    const ifNoneMatch = headers['if-none-match'];
    if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw new S3Error(501, 'NotImplemented');
    if (ifNoneMatch === '*' && this.of(bucket, key).at(-1)?.bytes)
      throw new S3Error(412, 'PreconditionFailed');
    const retained = this.#options.locked?.includes(bucket) ?? false;
    const version = this.#add(bucket, key, { bytes, contentType: headers['content-type'], retained });
    this.#checksums.set(version, sha256(bytes));
    response.writeHead(200, { etag: '"e"', 'x-amz-version-id': version.id }).end();
  }

  #get({ bucket, key, headers }: Request, response: ServerResponse): void {
    const version = this.of(bucket, key).at(-1);
    if (!version?.bytes) throw new S3Error(404, 'NoSuchKey');
    const checksum = this.#checksums.get(version)!;
    response
      .writeHead(200, {
        ...{ 'content-length': version.bytes.length, 'content-type': version.contentType },
        ...{ 'x-amz-version-id': version.id, etag: '"e"' },
        ...(headers['x-amz-checksum-mode'] === 'ENABLED' && { 'x-amz-checksum-sha256': checksum }),
        ...(version.retained && { 'x-amz-object-lock-mode': 'COMPLIANCE' }),
      })
      .end(version.bytes);
  }

  #list({ bucket, query }: Request, response: ServerResponse): void {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? '';
    const max = Math.min(Number(query.get('max-keys') ?? 1_000), this.#options.pageMax ?? 1_000);
    const delimiter = query.get('delimiter');
    // What stands before a delimiter behind the prefix comes once, in place of all keys that begin so.
    const shown = (key: string): string => {
      const end = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length);
      return end < 0 ? key : key.slice(0, end + 1);
    };
    const present = [...this.#buckets.get(bucket)!.keys()].filter(
      (key) => key.startsWith(prefix) && this.of(bucket, key).at(-1)?.bytes,
    );
    const keys = [...new Set(present.map(shown))]
      .filter((key) => key > after)
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const page = keys.slice(0, max);
    const more = keys.length > page.length;
    const contents = page
      .map((key) =>
        delimiter !== null && key.endsWith(delimiter)
          ? `<CommonPrefixes><Prefix>${escaped(key)}</Prefix></CommonPrefixes>`
          : `<Contents><Key>${escaped(key)}</Key></Contents>`,
      )
      .join('');
    const token = more ? `<NextContinuationToken>${escaped(page.at(-1)!)}</NextContinuationToken>` : '';
    response
      .writeHead(200, { 'content-type': 'application/xml' })
      .end(
        `<ListBucketResult><Name>${bucket}</Name><IsTruncated>${more}</IsTruncated>${token}${contents}</ListBucketResult>`,
      );
  }

  #delete({ bucket, key, query }: Request, response: ServerResponse): void {
    const id = query.get('versionId');
    const versions = this.of(bucket, key);
    if (id === null) this.#add(bucket, key, { bytes: undefined, contentType: undefined, retained: false });
    else if (versions.find((one) => one.id === id)?.retained) throw new S3Error(403, 'AccessDenied');
    else
      this.#buckets.get(bucket)!.set(
        key,
        versions.filter((one) => one.id !== id),
      );
    response.writeHead(204).end();
  }
}

/** A body as it was before the SDK wrapped it in chunks with its checksum behind them. */
function decoded(
  headers: IncomingHttpHeaders,
  body: Buffer,
): { bytes: Buffer; trailers: Record<string, string> } {
  if (!String(headers['content-encoding'] ?? '').includes('aws-chunked'))
    return { bytes: body, trailers: {} };
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = parseInt(body.toString('latin1', at, lineEnd), 16);
    at = lineEnd + 2;
    if (size === 0) break;
    chunks.push(body.subarray(at, at + size));
    at += size + 2;
  }
  const lines = body
    .toString('latin1', at)
    .split('\r\n')
    .filter((line) => line.includes(':'));
  const trailers = lines.map((line) => [
    line.slice(0, line.indexOf(':')),
    line.slice(line.indexOf(':') + 1).trim(),
  ]);
  return { bytes: Buffer.concat(chunks), trailers: Object.fromEntries(trailers) as Record<string, string> };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');

function crc(bytes: Uint8Array): string {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(crc32(bytes));
  return four.toString('base64');
}

function checkSums(headers: IncomingHttpHeaders, bytes: Uint8Array): void {
  const sums = { 'x-amz-checksum-sha256': sha256, 'x-amz-checksum-crc32': crc };
  for (const [header, sum] of Object.entries(sums))
    if (headers[header] !== undefined && headers[header] !== sum(bytes)) throw new S3Error(400, 'BadDigest');
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
