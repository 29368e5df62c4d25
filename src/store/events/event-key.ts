export const eventKey = (projectId: string, eventId: string): string => `${projectId}/${eventId}`;
