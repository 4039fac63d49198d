import { loopback, type Loopback } from './loopback.ts';

/** A message that the topic was given. */
export interface Published {
  readonly topic: string;
  readonly subject: string;
  readonly message: string;
}

export interface SnsServer extends Loopback {
  readonly published: Published[];
}

/** Amazon SNS as far as Publish goes: form fields in, XML out. */
export async function snsServer(): Promise<SnsServer> {
  const published: Published[] = [];
  const server = await loopback((_request, body, response) => {
    const form = new URLSearchParams(body.toString());
    const field = (name: string): string => form.get(name) ?? '';
    // A subject is printable ASCII of at most 100 characters.
    const refused = field('Action') !== 'Publish' || !/^[ -~]{1,100}$/.test(field('Subject'));
    response.writeHead(refused ? 400 : 200, { 'content-type': 'text/xml' });
    if (refused) {
      response.end('<ErrorResponse><Error><Code>InvalidParameter</Code></Error></ErrorResponse>');
      return;
    }
    published.push({ topic: field('TopicArn'), subject: field('Subject'), message: field('Message') });
    response.end(
      '<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>',
    );
  });
  return { ...server, published };
}
