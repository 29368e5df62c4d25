import { formatDuration } from '../../policy/duration.ts';
import type { Project } from '../../store/projects/projects.ts';
import { failureRulesResponse } from './failure-rules.ts';
import type { ProjectResponse } from './project-schemas.ts';

/** A project as calls show it. */
export const projectResponse = ({
  id,
  name,
  profile,
  policy,
  plans,
  schemas,
  failureRules,
  payloadRetentionSeconds,
  portal,
  createdAt,
}: Project): ProjectResponse => ({
  id,
  name,
  profile,
  policy,
  plans,
  schemas,
  failures: failureRulesResponse(failureRules),
  portal,
  payloadRetention: payloadRetentionSeconds === null ? null : formatDuration(payloadRetentionSeconds),
  createdAt,
});
