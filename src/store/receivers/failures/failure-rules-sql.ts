import { DEFAULT_FAILURE_RULES, type FailureRules } from '../../../policy/failure-rules.ts';

/** SQL: a rule of the project with this alias, as an interval; of no length if it is switched off. */
export const failureRule = (project: string, rule: keyof FailureRules): string =>
  `(coalesce((${project}.failure_rules->>'${rule}')::int, ${DEFAULT_FAILURE_RULES[rule]}) * interval '1 second')`;

/** SQL: whether a rule of the project is on. */
export const hasFailureRule = (project: string, rule: keyof FailureRules): string =>
  `(${failureRule(project, rule)} > interval '0')`;
