import type { Endpoint } from '../../../../../sdk/typescript/src/models.ts';

/** As it is written: an empty text is no limit. */
export type LimitsDraft = {
  rate: string;
  per: 'second' | 'minute';
  concurrency: string;
  ordered: boolean;
};

export const draftOf = ({ rate, concurrency, ordered }: Endpoint): LimitsDraft => ({
  rate: rate ? String(rate.limit) : '',
  per: rate?.per ?? 'second',
  concurrency: concurrency === null ? '' : String(concurrency),
  ordered,
});

export const limitsOf = ({ rate, per, concurrency, ordered }: LimitsDraft) => ({
  rate: rate === '' ? null : { limit: Number(rate), per },
  concurrency: concurrency === '' ? null : Number(concurrency),
  ordered,
});
