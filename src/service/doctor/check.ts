/**
 * The result of one check, for people. `found`: what is the case, in whole sentences. `fix`: what to do about it. Neither
 * contains a secret.
 */
export type Check = {
  check: string;
  /** `warning`: works, but an operator should look at it. */
  status: 'ok' | 'warning' | 'failed';
  found: string;
  fix?: string;
};

/** Results as they are known: a check may take seconds. */
export type Checks = AsyncGenerator<Check, void>;

export const ok = (check: string, found: string): Check => ({ check, status: 'ok', found });

export const warning = (check: string, found: string, fix: string): Check => ({
  check,
  status: 'warning',
  found,
  fix,
});

/** Without a `fix`, `found` says what to do. */
export const failed = (check: string, found: string, fix?: string): Check => ({
  check,
  status: 'failed',
  found,
  ...(fix !== undefined && { fix }),
});
