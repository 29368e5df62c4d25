/**
 * What a caller may see: the whole project if `consumer` is null, otherwise what belongs to that consumer. With `since`,
 * older rows are hidden, because they belong to a deleted consumer that had the same id.
 */
export type Scope = { projectId: string; consumer: string | null; since?: Date | null };
