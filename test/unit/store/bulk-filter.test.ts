import { type BulkFilter, fitsFilter } from '../../../src/store/recoveries/bulk-filter.ts';

const NOTHING: BulkFilter = {
  ...{ endpoint: null, consumer: null, type: null, outcome: null, statusCode: null },
  errorCode: null,
  ...{ since: new Date(0), until: new Date(), eventsSince: null },
};
const columnsIn = (sql: string): string[] => [...new Set(sql.match(/\b[de]\.\w+/g))].sort();

test('what a filter leaves out is not compared, and costs nothing for each delivery', () => {
  expect(columnsIn(fitsFilter(NOTHING, '$1'))).toEqual(['d.created_at']);
  expect(columnsIn(fitsFilter({ ...NOTHING, outcome: 'timeout' }, '$1'))).toEqual([
    'd.created_at',
    'd.last_outcome',
  ]);
});

test('the event of a delivery is read only for its type, and for a consumer that was created again', () => {
  const ofEvent = ['d.created_at', 'd.event_id', 'd.project_id', 'e.id', 'e.project_id'];
  expect(columnsIn(fitsFilter({ ...NOTHING, type: 'a.b' }, '$1'))).toEqual([...ofEvent, 'e.type'].sort());
  expect(columnsIn(fitsFilter({ ...NOTHING, eventsSince: new Date() }, '$1'))).toEqual(
    [...ofEvent, 'e.created_at'].sort(),
  );
});
