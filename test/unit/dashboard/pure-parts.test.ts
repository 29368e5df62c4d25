import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { spacedTicks } from '../../../dashboard/src/charts/spaced-ticks.ts';
import { curlOf } from '../../../dashboard/src/delivery/attempt/curl.ts';
import { laneAxis, spreadMarks } from '../../../dashboard/src/delivery/timeline/lane-axis.ts';
import { parseSearch, stringifySearch } from '../../../dashboard/src/frame/search.ts';
import { hexLines } from '../../../dashboard/src/json-view/hex.ts';
import { matchesIn, piecesOf } from '../../../dashboard/src/json-view/matches.ts';
import { absolute, countdown, duration, relative } from '../../../dashboard/src/kit/time/time.ts';
import { boundsOf, widerRange } from '../../../dashboard/src/kit/time/time-range.ts';
import { suggestedEndpoints } from '../../../dashboard/src/operator/event/suggested-endpoints.ts';
import { filtersIn, parseFilterText } from '../../../dashboard/src/operator/events/filter-text.ts';
import { jumpTargets } from '../../../dashboard/src/operator/frame/jump/jump-targets.ts';
import type { Endpoint } from '../../../sdk/typescript/src/models.ts';

const NOW = Date.parse('2026-11-21T12:00:00.000Z');

describe('times', () => {
  test('durations have at most two units', () => {
    expect([41, 999.6, 1_200, 9_000, 72_000, 7_500_000, 90_000_000].map(duration)).toEqual([
      '41 ms',
      '1000 ms',
      '1.2 s',
      '9 s',
      '1 min 12 s',
      '2 h 5 min',
      '1 d 1 h',
    ]);
  });

  test('a countdown has minutes, and hours only if there are any', () => {
    expect([252_000, 3_729_000, 400, -5].map(countdown)).toEqual(['4:12', '1:02:09', '0:01', '0:00']);
  });

  test('relative times say on which side of now they are', () => {
    expect(relative(NOW - 245_000, NOW)).toBe('4 min ago');
    expect(relative(NOW + 7_200_000, NOW)).toBe('in 2 h');
  });

  test('relative times are rounded to the nearest', () => {
    const ahead = [598_000, 59_600, 3_599_000, 80_000_000, 86_000_000].map((ms) => relative(NOW + ms, NOW));
    expect(ahead).toEqual(['in 10 min', 'in 1 min', 'in 1 h', 'in 22 h', 'in 1 d']);
  });

  test('the absolute time has its zone and milliseconds', () => {
    expect(absolute(NOW, 'utc')).toBe('2026-11-21 12:00:00.000 UTC');
    expect(absolute(NOW, 'local')).toMatch(/^2026-11-2\d \d\d:\d\d:00\.000 [+-]\d\d:\d\d$/);
  });
});

describe('the time range', () => {
  test('a name means so long until now, and times in the URL win', () => {
    expect(boundsOf({ range: '1h' }, '24h', NOW)).toEqual({ since: '2026-11-21T11:00:00.000Z' });
    expect(boundsOf({ range: 'nonsense' }, '6h', NOW)).toEqual({ since: '2026-11-21T06:00:00.000Z' });
    expect(boundsOf({ range: '1h', until: '2026-11-20T00:00:00Z' }, '24h', NOW)).toEqual({
      until: '2026-11-20T00:00:00.000Z',
    });
    expect(boundsOf({ since: 'yesterday' }, '24h', NOW)).toEqual({ since: '2026-11-20T12:00:00.000Z' });
  });

  test('the next longer range is offered, until there is none', () => {
    expect([widerRange({}, '24h'), widerRange({ range: '30d' }, '24h')]).toEqual(['7d', undefined]);
  });
});

describe('the timeline', () => {
  test('later times are further right, and all stay on the axis', () => {
    const times = fc.array(fc.integer({ min: NOW, max: NOW + 400 * 86_400_000 }), { minLength: 1 });
    fc.assert(
      fc.property(times, (all) => {
        const axis = laneAxis(NOW, all);
        const places = all.toSorted((a, b) => a - b).map(axis.position);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        expect(places.every((place) => place >= 0 && place <= 1)).toBe(true);
      }),
    );
  });

  test('the delays of a policy are apart enough to be read', () => {
    const axis = laneAxis(
      NOW,
      [0, 60, 360, 2_160, 9_360].map((seconds) => NOW + seconds * 1_000),
    );
    const places = [60, 360, 2_160, 9_360].map((seconds) => axis.position(NOW + seconds * 1_000));
    for (const [index, place] of places.entries())
      expect(place - (places[index - 1] ?? 0)).toBeGreaterThan(0.15);
  });

  test('marks keep their distance and their order wherever they fit', () => {
    expect(spreadMarks([0, 1, 2, 300], 50, 400)).toEqual([0, 50, 100, 300]);
    expect(spreadMarks([380, 390, 400], 50, 400)).toEqual([300, 350, 400]);
    expect(spreadMarks([], 50, 400)).toEqual([]);
  });
});

test('the bytes of a body are shown as hexdump shows them', () => {
  const lines = hexLines(new TextEncoder().encode('{"name":"Zoë", "n":1}'));
  expect(lines).toEqual([
    '00000000  7b 22 6e 61 6d 65 22 3a  22 5a 6f c3 ab 22 2c 20  {"name":"Zo..", ',
    '00000010  22 6e 22 3a 31 7d                                 "n":1}',
  ]);
});

test('the curl command gives the shell exactly the body, whatever it contains', () => {
  const body = `{"a":"it's $HOME \\n \`id\` \\"x\\" !"}\nsecond line`;
  const command = curlOf({ url: "https://a.example/x?y='z'", headers: { 'x-a': "b'c", Host: 'a' }, body });
  const words = execFileSync('sh', ['-c', command.replace(/^curl -sS -X POST/, 'printf "%s\\0"')], {
    encoding: 'utf8',
  }).split('\0');
  expect(words).toEqual(['-H', "x-a: b'c", '--data-binary', body, "https://a.example/x?y='z'", '']);
});

describe('filters', () => {
  test('names, quotes and bare words are understood', () => {
    expect(parseFilterText('type:render.* status:undeliverable attribute.region:eu')).toEqual({
      type: 'render.*',
      status: 'undeliverable',
      'attribute.region': 'eu',
    });
    expect(parseFilterText('contains:"two words" render.completed')).toEqual({
      contains: 'two words',
      type: 'render.completed',
    });
    expect(parseFilterText('job_abc 17')).toEqual({ contains: 'job_abc 17' });
    expect(parseFilterText('https://x')).toEqual({ contains: 'https://x' });
  });

  test('only filters are taken from a URL, and an id of digits stays a text', () => {
    const search = parseSearch('?consumer=00123&range=24h&attribute.a=b&__proto__=x');
    expect(filtersIn(search)).toEqual([
      ['consumer', '00123'],
      ['attribute.a', 'b'],
    ]);
    expect(stringifySearch({ consumer: '00123', type: undefined, status: '' })).toBe('?consumer=00123');
  });
});

describe('the jump box', () => {
  const named = {
    endpoints: [{ id: 'ep_1', url: 'https://hooks.acme.com/a' }],
    consumers: [{ id: 'acme', name: 'Acme Ltd' }],
    types: [{ type: 'render.completed' }],
  };
  const paths = (text: string, project: string | undefined = 'p1') =>
    jumpTargets(text, project, { ...named, endpoints: text === 'acme' ? named.endpoints : [] }).map(
      ({ path }) => path,
    );

  test('an id leads to what it names', () => {
    expect(paths('dlv_01abc ')).toEqual(['/p/p1/deliveries/dlv_01abc']);
    expect(paths('evt_01abc')).toEqual(['/p/p1/events/evt_01abc']);
    expect(paths('event/p2/evt_01abc/part')).toEqual(['/p/p2/events/evt_01abc']);
  });

  test('words find screens, endpoints, consumers and types, and may be the own id of an event', () => {
    expect(paths('acme')).toEqual(['/p/p1/endpoints/ep_1', '/p/p1/consumers/acme', '/p/p1/events/acme']);
    expect(paths('even')).toEqual(['/p/p1/events', '/p/p1/event-types', '/p/p1/events/even']);
    expect(paths('render')).toEqual(['/p/p1/event-types/render.completed', '/p/p1/events/render']);
    expect(paths('a/../b')).toEqual(['/p/p1/events/a%2F..%2Fb']);
  });
});

test('what is found in a body is marked across its tokens, whatever the case', () => {
  const tokens = [
    { kind: 'key' as const, text: '"Job"' },
    { kind: 'punctuation' as const, text: ':' },
    { kind: 'number' as const, text: '17' },
  ];
  const matches = matchesIn('"Job":17', 'job":1');
  expect(matches).toEqual([[1, 7]]);
  expect(piecesOf(tokens, matches).map(({ text, match }) => [text, match])).toEqual([
    ['"', undefined],
    ['Job"', 0],
    [':', 0],
    ['1', 0],
    ['7', undefined],
  ]);
  expect(matchesIn('a.b axb', 'a.b')).toEqual([[0, 3]]);
});

test('an event that went nowhere is offered to the endpoints of its consumer, those that would get it first', () => {
  const endpoint = (id: string, consumer: string | null, events: string[], filter: object | null = null) =>
    ({ id, consumer, events, filter }) as unknown as Endpoint;
  const suggested = suggestedEndpoints({ type: 'render.failed', consumer: 'acme' }, [
    endpoint('other', 'globex', ['*']),
    endpoint('exact', 'acme', ['render.completed']),
    endpoint('filtered', 'acme', ['*'], {}),
    endpoint('prefix', 'acme', ['render.*']),
  ]);
  expect(suggested.map((one) => [one.endpoint.id, one.isSubscribed])).toEqual([
    ['prefix', true],
    ['exact', false],
    ['filtered', false],
  ]);
});

test('of two ticks whose texts would touch, the first of a month stays', () => {
  // 27, 29 and 31 October, 1 and 3 November, 30 pixels a day.
  expect(spacedTicks([0, 60, 120, 150, 210], (pixels) => pixels, 55)).toEqual([0, 60, 150, 210]);
  expect(spacedTicks([0, 60, 120], (pixels) => pixels, 55)).toEqual([0, 60, 120]);
  expect(spacedTicks([], () => 0, 55)).toEqual([]);
});
