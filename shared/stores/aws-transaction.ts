import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  TransactWriteCommand,
  type DynamoDBDocumentClient,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { failure, isNamed, requestToken, retrying, type Waiting } from './aws-retry.ts';
import { nameOf } from './keys.ts';
import { conflict, StorageError } from './outcomes.ts';
import type { Write } from './ports.ts';

/**
 * One transaction. Its token is the same for every attempt, those of the SDK included: where an answer was lost after the
 * write took place, the repeat succeeds instead of finding its own write in the way. It is another for each call: a token
 * made from the writes would let a second claim of the same content pass as a repeat of the first.
 * @throws ConflictError naming the first write whose condition failed.
 * @throws StorageError naming the table and an item where nothing was judged, or nobody knows.
 */
export async function written(
  client: DynamoDBDocumentClient,
  table: string,
  writes: readonly Write[],
  waiting: Waiting,
): Promise<void> {
  const input: TransactWriteCommandInput = {
    ClientRequestToken: requestToken(),
    TransactItems: writes.map((write) => ({ Put: { TableName: table, ...putOf(write) } })),
  };
  const attempt = async (): Promise<void> => {
    try {
      await client.send(new TransactWriteCommand(input));
    } catch (error) {
      throw lost(error, writes) ?? error;
    }
  };
  try {
    await retrying(attempt, isPassing, waiting);
  } catch (error) {
    throw ended(error, table, writes);
  }
}

type Put = NonNullable<NonNullable<TransactWriteCommandInput['TransactItems']>[number]['Put']>;

function putOf(write: Write): Omit<Put, 'TableName'> {
  const { partition, sort, body } = write.item;
  const Item = { partition, sort, body };
  if (write.expect === 'equals')
    return {
      Item,
      ConditionExpression: '#body = :body',
      ExpressionAttributeNames: { '#body': 'body' },
      ExpressionAttributeValues: { ':body': write.body },
    };
  if (write.expect === 'any') return { Item };
  return {
    Item,
    ConditionExpression: 'attribute_not_exists(#partition)',
    ExpressionAttributeNames: { '#partition': 'partition' },
  };
}

const reasonsOf = (error: unknown): string[] =>
  error instanceof TransactionCanceledException
    ? (error.CancellationReasons ?? []).map(({ Code }) => Code ?? 'None')
    : [];

/** The conflict in a cancelled transaction: the reasons stand in the order of the writes. */
function lost(error: unknown, writes: readonly Write[]): Error | undefined {
  const first = writes[reasonsOf(error).indexOf('ConditionalCheckFailed')];
  return first && conflict(first);
}

const PASSING = ['None', 'TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'];

/** Whether nothing was judged yet: another transaction was at the same items, capacity was short, or this one still runs. */
function isPassing(error: unknown): boolean {
  const reasons = reasonsOf(error);
  const none = reasons.length > 0 && reasons.every((reason) => PASSING.includes(reason));
  return none || isNamed(error, 'TransactionInProgressException');
}

/**
 * What a transaction's last error means. Items that stayed busy are no ConflictError: nobody is known to have been
 * first, and a caller that goes and reads the winner's result might find none.
 */
function ended(error: unknown, table: string, writes: readonly Write[]): Error {
  const reasons = reasonsOf(error);
  const at = writes[reasons.findIndex((reason) => reason !== 'None')] ?? writes[0]!;
  const evidence = { table, partition: at.item.partition, sort: at.item.sort, reasons };
  if (isPassing(error))
    return new StorageError(
      `cannot write ${nameOf(at.item)} of table ${table}: busy in every attempt (${reasons.join(', ') || 'still in progress'})`,
      evidence,
      { cause: error },
    );
  return failure(`write ${nameOf(at.item)} of table ${table}`, error, evidence);
}
