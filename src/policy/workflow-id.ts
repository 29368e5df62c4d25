/** `event/<project>/<event>` for the first workflow of an event; `part` tells later ones apart. */
export const eventWorkflowId = (projectId: string, eventId: string, part?: string): string =>
  `event/${projectId}/${eventId}${part === undefined ? '' : `/${part}`}`;

/** For deliveries of several events, all of one project. */
export const groupWorkflowId = (projectId: string, uuid: string): string => `group/${projectId}/${uuid}`;

/** The project of a workflow's deliveries, which shares this process's limits with the others. */
export const projectIdFromWorkflowId = (workflowId: string): string => workflowId.split('/')[1] ?? workflowId;
