import { effectivePolicy, type PolicyOverride } from '../../../policy/policy-override.ts';
import { deserializePolicy, serializePolicy } from '../../../policy/retry-policy.ts';

/** The policies that were put together last: few of them differ, and every delivery needs one. */
const known = new Map<string, string>();
const MAX_KNOWN = 100;

/**
 * The policy of a delivery: that of the event, with the members that the endpoint sets. Both are canonical text, as is the
 * result.
 */
export function policyForEndpoint(eventPolicy: string, endpointPolicy: string | null): string {
  if (endpointPolicy === null) return eventPolicy;
  // Neither text contains a line break.
  const key = `${eventPolicy}\n${endpointPolicy}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const endpoint: PolicyOverride = JSON.parse(endpointPolicy);
  const policy = serializePolicy(
    effectivePolicy(deserializePolicy(eventPolicy), { endpoint, project: null }),
  );
  if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value!);
  known.set(key, policy);
  return policy;
}
