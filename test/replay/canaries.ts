/** Marker values for data that Temporal must never contain. Each is used in place of the real data. */
export const CANARIES = {
  path: 'canary-path',
  data: 'canary-data',
  secret: Buffer.from('canary-secret-canary-secret').toString('base64'),
  responseHeader: 'canary-header',
  responseBody: 'canary-answer',
};

/** Returns the canaries in a history, after decoding its payloads. */
export function canariesIn(historyJson: string): string[] {
  const decoded = historyJson.replaceAll(
    /"(?:data|details)":\s*"([A-Za-z0-9+/=]+)"/g,
    (all, base64: string) => {
      return `${all} ${Buffer.from(base64, 'base64').toString('latin1')}`;
    },
  );
  return Object.values(CANARIES).filter((canary) => decoded.includes(canary));
}
