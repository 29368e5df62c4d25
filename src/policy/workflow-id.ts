/** `event/<project>/<event>` for the first workflow of an event; later ones append `part`. */
export const eventWorkflowId = (projectId: string, eventId: string, part?: string): string =>
  `event/${projectId}/${eventId}${part === undefined ? '' : `/${part}`}`;

/** For the deliveries of several events of one project. */
export const groupWorkflowId = (projectId: string, uuid: string): string => `group/${projectId}/${uuid}`;

/** The project in a workflow id. Limits of this process are shared between projects. */
export const projectIdFromWorkflowId = (workflowId: string): string => workflowId.split('/')[1] ?? workflowId;
