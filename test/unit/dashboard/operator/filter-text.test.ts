import { parseSearch, stringifySearch } from '../../../../dashboard/src/frame/search.ts';
import { filtersIn, parseFilterText } from '../../../../dashboard/src/operator/events/filter-text.ts';

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
