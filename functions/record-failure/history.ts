import { GetExecutionHistoryCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { HistoryEvent } from './event.ts';

/**
 * Events looked at, from the end, which is also the most that one answer holds: ten slices of a large universe under way
 * at once, each with all its tries, leave more than a hundred after the last task was begun.
 */
const EVENTS_READ = 1_000;

/** The newest events of an execution, newest first. */
export async function newestEvents(client: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const { events = [] } = await client.send(
    new GetExecutionHistoryCommand({
      ...{ executionArn, reverseOrder: true, maxResults: EVENTS_READ },
      // What went in and out is not looked at, and is most of the answer.
      includeExecutionData: false,
    }),
  );
  return events.map((event) => {
    const failed =
      event.executionFailedEventDetails ??
      event.executionTimedOutEventDetails ??
      event.executionAbortedEventDetails;
    return {
      type: event.type ?? '',
      state: event.stateEnteredEventDetails?.name,
      error: failed?.error,
      cause: failed?.cause,
    };
  });
}
