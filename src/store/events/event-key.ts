/** A key for an event in maps: event ids are unique only within a project. */
export const eventKey = (projectId: string, eventId: string): string => `${projectId}/${eventId}`;
