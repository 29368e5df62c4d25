import { openFilesLimit, socketBudget } from '../../../src/limits/socket-budget.ts';

test.each([256, 1_024, 1_500, 4_096, 65_536, 1_048_576, Number.POSITIVE_INFINITY])(
  'with %d open files callers and receivers together leave 160 to everything else',
  (openFiles) => {
    const { inbound, outbound } = socketBudget(openFiles, 10);

    expect(inbound).toBeGreaterThanOrEqual(30);
    expect(outbound).toBeGreaterThanOrEqual(40);
    expect(inbound + outbound).toBeLessThanOrEqual(openFiles - 160);
  },
);

test('a large pool of database connections has its files apart from callers and receivers', () => {
  const { inbound, outbound } = socketBudget(1_024, 200);

  expect(inbound + outbound).toBeLessThanOrEqual(1_024 - 150 - 200);
});

test('too few are refused with what to do', () => {
  expect(() => socketBudget(200, 10)).toThrow('the limit of open files is 200: Posthorn needs 256 or more');
  expect(() => socketBudget(300, 100)).toThrow('the limit of open files is 300: Posthorn needs 346 or more');
});

test('the limit of this process is found', () => {
  expect(openFilesLimit()).toBeGreaterThan(100);
});
