import { setImmediate as nextTick } from 'node:timers/promises';
import { fetchIfChanged, forgetVersions } from '../../../../dashboard/src/api/fetch-if-changed.ts';
import { inTurn, isSearch } from '../../../../dashboard/src/api/search-queue.ts';

describe('searches', () => {
  test('are the calls that the API limits to two at a time', () => {
    const search = (method: string, path: string, query = '') =>
      isSearch(method, path, new URLSearchParams(query));
    expect(search('GET', '/v1/failures')).toBe(true);
    expect(search('GET', '/v1/events', 'contains=x')).toBe(true);
    expect(search('GET', '/v1/deliveries', 'attribute.region=eu')).toBe(true);
    expect(search('GET', '/v1/endpoints', 'q=acme')).toBe(true);
    expect(search('POST', '/v1/recoveries')).toBe(true);
    expect(search('GET', '/v1/events', 'type=a.b&status=delivered')).toBe(false);
    expect(search('POST', '/v1/events')).toBe(false);
  });

  test('of one project wait for each other, two at a time', async () => {
    const ends: (() => void)[] = [];
    const search = (): Promise<void> => new Promise((resolve) => void ends.push(resolve));
    const all = Promise.all(Array.from({ length: 6 }, () => inTurn('of one', search)));
    for (let ended = 0; ended < 6; ended++) {
      await nextTick();
      expect(ends).toHaveLength(Math.min(6, ended + 2));
      ends[ended]!();
    }
    await all;
  });
});

test('a version that is known is asked for by its tag, and shown again if it is current', async () => {
  const tags: (string | null)[] = [];
  const realFetch = globalThis.fetch;
  globalThis.fetch = async (_url, init) => {
    const tag = new Headers(init?.headers).get('if-none-match');
    tags.push(tag);
    return tag === null
      ? new Response('{"n":1}', { headers: { etag: 'W/"1"' } })
      : new Response(null, { status: 304 });
  };
  try {
    const read = async (project: string) =>
      (await fetchIfChanged('http://posthorn.test/v1/events/evt_1', {}, project)).json();
    expect([await read('a'), await read('a'), await read('b')]).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }]);
    forgetVersions();
    await read('a');
    expect(tags).toEqual([null, 'W/"1"', null, null]);
  } finally {
    globalThis.fetch = realFetch;
  }
});

test('a version that arrives after the versions were forgotten is not kept', async () => {
  const tags: (string | null)[] = [];
  const realFetch = globalThis.fetch;
  const late = Promise.withResolvers<void>();
  globalThis.fetch = async (_url, init) => {
    tags.push(new Headers(init?.headers).get('if-none-match'));
    await late.promise;
    return new Response('{}', { headers: { etag: 'W/"1"' } });
  };
  try {
    const first = fetchIfChanged('http://posthorn.test/v1/events/evt_2', {}, 'a');
    forgetVersions();
    late.resolve();
    await first;
    await fetchIfChanged('http://posthorn.test/v1/events/evt_2', {}, 'a');
    expect(tags).toEqual([null, null]);
  } finally {
    globalThis.fetch = realFetch;
  }
});
