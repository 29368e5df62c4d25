import type { Queryable } from '../../postgres/database.ts';
import { liftRestriction } from '../gates/gates.ts';

const FORGET_FAILURES = `
  DELETE FROM receiver_failures WHERE receiver IN (
    SELECT receiver FROM receiver_failures WHERE receiver = ANY ($1::text[]) ORDER BY receiver FOR UPDATE)`;
const LIFT_WAIT = liftRestriction('notBefore', 'receiver = ANY ($1::text[])');
const LIFT_SPACING = liftRestriction('spacing', 'receiver = ANY ($1::text[])');

/**
 * Forgets how endpoints have failed and what they asked for, because their owner has changed the URL or resumes them, or
 * their plan includes webhooks again. They would otherwise be disabled at once, for failures from before.
 */
export async function beginAnew(db: Queryable, endpointIds: string[]): Promise<void> {
  for (const statement of [FORGET_FAILURES, LIFT_WAIT, LIFT_SPACING])
    await db.query(statement, [endpointIds]);
}
