type HistoryEvent = { eventType: string } & Record<string, Record<string, unknown> | undefined>;

export type Actions = Partial<
  Record<
    'starts' | 'activities' | 'timers' | 'signals' | 'searchAttributes' | 'markers' | 'nexusOperations',
    number
  >
>;

/**
 * Counts the actions of Temporal Cloud that a history shows, by https://docs.temporal.io/cloud/actions: each attempt of an
 * activity is one, and all markers of a workflow task together are one. Heartbeats and queries are not in a history.
 */
export function countActions(json: string): Actions {
  const { events } = JSON.parse(json) as { events: HistoryEvent[] };
  const of = (type: string) => events.filter(({ eventType }) => eventType === `EVENT_TYPE_${type}`);
  const attempts = of('ACTIVITY_TASK_STARTED').map((event) =>
    Number(event.activityTaskStartedEventAttributes!.attempt),
  );
  const tasksWithMarkers = new Set(
    of('MARKER_RECORDED').map((event) => event.markerRecordedEventAttributes!.workflowTaskCompletedEventId),
  );
  const counts: Required<Actions> = {
    starts: of('WORKFLOW_EXECUTION_STARTED').length,
    activities: attempts.reduce((sum, attempt) => sum + attempt, 0),
    timers: of('TIMER_STARTED').length,
    signals: of('WORKFLOW_EXECUTION_SIGNALED').length,
    searchAttributes: of('UPSERT_WORKFLOW_SEARCH_ATTRIBUTES').filter(isCounted).length,
    markers: tasksWithMarkers.size,
    nexusOperations: of('NEXUS_OPERATION_SCHEDULED').length + of('NEXUS_OPERATION_CANCEL_REQUESTED').length,
  };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

export const total = (actions: Actions): number =>
  Object.values(actions).reduce((sum, count) => sum + count, 0);

/** The search attribute that the SDK writes with a version marker is free. */
function isCounted({ upsertWorkflowSearchAttributesEventAttributes: attributes }: HistoryEvent): boolean {
  const { indexedFields } = attributes!.searchAttributes as { indexedFields: object };
  return Object.keys(indexedFields).some((name) => name !== 'TemporalChangeVersion');
}
