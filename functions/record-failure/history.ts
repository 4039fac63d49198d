import { GetExecutionHistoryCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { HistoryEvent } from './event.ts';

/** Events looked at, from the end: a task with all its retries leaves fewer. */
const EVENTS_READ = 100;

/** The newest events of an execution, newest first. */
export async function newestEvents(client: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const { events = [] } = await client.send(
    new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: EVENTS_READ }),
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
