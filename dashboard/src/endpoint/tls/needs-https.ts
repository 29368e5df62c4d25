import { hasErrorOf } from '../../api/problem.tsx';

/** At the field of the URL: what is set for TLS stands elsewhere in the form, and a part of it may not be open. */
export const needsHttps = (error: unknown): string | undefined =>
  hasErrorOf(error, '/tls')
    ? 'TLS has settings below, which need a URL that begins with https://.'
    : undefined;
