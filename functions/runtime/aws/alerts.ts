import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Alert } from '../runtime.ts';

const SUBJECT_CHARS_MAX = 100;

/** Tells the owners of a stage by their topic. @throws what the topic throws, so that the step is tried again. */
export const ownerAlerts =
  (client: SNSClient, topicArn: string, stage: string) =>
  async (alert: Alert): Promise<void> => {
    const { level, market, code, message, at_utc } = alert;
    // A subject is ASCII of at most 100 characters (API reference of Amazon SNS, Publish).
    const subject = `${level} papergate ${stage} ${market}: ${code}`.replaceAll(/[^ -~]/g, '?');
    await client.send(
      new PublishCommand({
        TopicArn: topicArn,
        Subject: subject.slice(0, SUBJECT_CHARS_MAX),
        Message: `${message}\n\nat ${at_utc}\nlevel ${level}, code ${code}, market ${market}, stage ${stage}\n`,
      }),
    );
  };
