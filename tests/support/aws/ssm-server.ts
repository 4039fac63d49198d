import * as z from 'zod';
import { jsonRpcServer, Refusal, type JsonRpcServer } from './json-rpc.ts';

interface Version {
  readonly Name: string;
  readonly Type: string;
  readonly Value: string;
  readonly Version: number;
  readonly LastModifiedDate: number;
  readonly LastModifiedUser: string;
  readonly Description: string | undefined;
  readonly AllowedPattern: string | undefined;
}

const put = z.strictObject({
  Name: z.string().regex(/^[a-zA-Z0-9_./-]+$/),
  Value: z
    .string()
    .min(1)
    .refine((value) => Buffer.byteLength(value) <= 4_096),
  Type: z.enum(['String', 'StringList', 'SecureString']).optional(),
  Description: z.string().max(1_024).optional(),
  Overwrite: z.boolean().optional(),
  AllowedPattern: z.string().max(1_024).optional(),
});
const named = z.strictObject({ Name: z.string() });
const paged = named.extend({
  MaxResults: z.int().min(1).max(50).optional(),
  NextToken: z.string().optional(),
});

export interface SsmOptions {
  /** What it stamps on a change. */
  readonly atMs?: () => number;
  readonly by?: () => string;
  /** Versions that the history does not show yet. */
  readonly behind?: () => number;
}

/**
 * Parameter Store as its reference describes it: versions count up, a hundred are kept, history pages hold at most 50 and
 * come oldest first. A description that is left out keeps the one before: of the two readings the one that can mislead.
 */
export async function ssmServer(options: SsmOptions = {}): Promise<JsonRpcServer> {
  const { atMs = () => 1_764_000_000_123, by = () => 'arn:aws:iam::111122223333:user/ops' } = options;
  const { behind = () => 0 } = options;
  const parameters = new Map<string, Version[]>();
  const found = (name: string): Version[] => {
    const versions = parameters.get(name);
    if (!versions) throw new Refusal('ParameterNotFound');
    return versions;
  };
  return jsonRpcServer({
    PutParameter: (input) => {
      const { Name, Value, Type, Overwrite = false, ...rest } = valid(put, input);
      const before = parameters.get(Name)?.at(-1);
      if (before && !Overwrite) throw new Refusal('ParameterAlreadyExists');
      if (!before && !Type) throw new Refusal('ValidationException', 'A parameter type is required');
      const { Description = before?.Description, AllowedPattern = before?.AllowedPattern } = rest;
      if (AllowedPattern && !new RegExp(`^(?:${AllowedPattern})$`).test(Value))
        throw new Refusal('ParameterPatternMismatchException');
      const version: Version = {
        ...{ Name, Value, Type: Type ?? before!.Type, Version: (before?.Version ?? 0) + 1 },
        ...{ LastModifiedDate: atMs() / 1_000, LastModifiedUser: by(), Description, AllowedPattern },
      };
      parameters.set(Name, [...(parameters.get(Name) ?? []), version].slice(-100));
      return { Version: version.Version, Tier: 'Standard' };
    },
    GetParameter: (input) => {
      const { Name, Type, Value, Version, LastModifiedDate } = found(valid(named, input).Name).at(-1)!;
      return { Parameter: { Name, Type, Value, Version, LastModifiedDate, DataType: 'text' } };
    },
    GetParameterHistory: (input) => {
      const { Name, MaxResults = 50, NextToken = '0' } = valid(paged, input);
      const versions = found(Name);
      const shown = versions.slice(0, versions.length - behind());
      const from = Number(NextToken);
      const next = from + MaxResults < shown.length ? String(from + MaxResults) : undefined;
      return { Parameters: shown.slice(from, from + MaxResults), NextToken: next };
    },
    DeleteParameter: (input) => {
      found(valid(named, input).Name);
      parameters.delete(valid(named, input).Name);
    },
  });
}

function valid<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new Refusal('ValidationException', z.prettifyError(parsed.error));
}
