import fc from 'fast-check';
import {
  booleanArray,
  byteaArray,
  floatArray,
  intArray,
  textArray,
  timestampArray,
} from '../../../src/store/postgres/binary-arrays.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const listOf = <T>(element: fc.Arbitrary<T>) => fc.array(fc.option(element), { maxLength: 20 });

const LISTS = fc.record({
  texts: listOf(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', ''))),
  bytes: listOf(fc.uint8Array().map((bytes) => Buffer.from(bytes))),
  ints: listOf(fc.integer()),
  floats: listOf(fc.double({ noNaN: true }).map((value) => value + 0)),
  booleans: listOf(fc.boolean()),
  times: listOf(fc.date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })),
});

test('arrays of any length, with nulls, arrive in Postgres as they were sent', async () => {
  const statement = `SELECT $1::text[] AS texts, $2::bytea[] AS bytes, $3::int[] AS ints, $4::float8[] AS floats,
                            $5::boolean[] AS booleans, $6::timestamptz[] AS times`;

  await fc.assert(
    fc.asyncProperty(LISTS, async (lists) => {
      const { rows } = await database.pool.query(statement, [
        textArray(lists.texts),
        byteaArray(lists.bytes),
        intArray(lists.ints),
        floatArray(lists.floats),
        booleanArray(lists.booleans),
        timestampArray(lists.times),
      ]);

      expect(rows[0]).toEqual(lists);
    }),
    { numRuns: 100 },
  );
});

test('Postgres rejects a text with a NUL and leaves the connection usable', async () => {
  const client = await database.pool.connect();
  try {
    await expect(client.query('SELECT $1::text[]', [textArray(['a', 'b\0c'])])).rejects.toMatchObject({
      code: '22021',
    });
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  } finally {
    client.release();
  }
});
