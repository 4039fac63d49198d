import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { CLIENT_LIMITS } from '../../functions/runtime/aws/client-limits.ts';
import { isoUtc } from '../../shared/kernel/time.ts';

/** An event or a schedule's call that did not reach its target. */
export interface Undelivered {
  readonly sent_at_utc: string;
  /** What EventBridge says of why; empty where it says nothing. */
  readonly error: string;
  readonly body: string;
}

/** Messages that one reading hides from itself, so that it sees each once; then they are there again. */
const HIDDEN_S = 30;
const PAGE = 10;
const READ_MAX = 200;

/** Reads what could not be delivered, oldest first, and leaves all of it where it is. */
export async function undelivered(
  queueUrl: string,
  client = new SQSClient(CLIENT_LIMITS),
): Promise<Undelivered[]> {
  const found = new Map<string, Undelivered>();
  while (found.size < READ_MAX) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: PAGE,
        VisibilityTimeout: HIDDEN_S,
        MessageSystemAttributeNames: ['SentTimestamp'],
        MessageAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0) break;
    for (const { MessageId = '', Body = '', Attributes, MessageAttributes = {} } of Messages) {
      const said = ['ERROR_CODE', 'ERROR_MESSAGE'].map((name) => MessageAttributes[name]?.StringValue ?? '');
      found.set(MessageId, {
        sent_at_utc: isoUtc(Number(Attributes?.SentTimestamp ?? 0)),
        error: said.filter((text) => text !== '').join(': '),
        body: Body,
      });
    }
  }
  return [...found.values()].sort((a, b) => (a.sent_at_utc < b.sent_at_utc ? -1 : 1));
}
