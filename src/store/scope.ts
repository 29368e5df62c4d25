/**
 * What a caller may see: project-wide with `consumer` null, else only that consumer's. With `since`, what is older is of
 * a consumer that had the same id and was deleted then.
 */

export type Scope = { projectId: string; consumer: string | null; since?: Date | null };
