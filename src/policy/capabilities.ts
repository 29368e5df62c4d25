/** What a session of the portal may do; `view` always. A key and an operator's session may do all of it. */
export const CAPABILITIES = ['view', 'payloads', 'endpoints', 'secrets', 'test', 'retry'] as const;
export type Capability = (typeof CAPABILITIES)[number];
