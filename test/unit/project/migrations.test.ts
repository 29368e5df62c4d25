import { MIGRATIONS_FOLDER, migrationNames } from '../../../src/store/migrations/migration-files.ts';

test('each migration has a number of its own, so that their order is certain', () => {
  const numbers = migrationNames(MIGRATIONS_FOLDER).map((name) => name.split('_')[0]!);
  expect(numbers.length).toBeGreaterThan(30);
  expect(numbers).toEqual([...new Set(numbers)]);
});
