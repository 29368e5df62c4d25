/** The time over which usage is shown. */
export const MONTH = { range: { range: '30d' }, fallback: '30d' } as const;
