import { openFilesLimit, socketBudget } from '../../../src/limits/socket-budget.ts';

test.each([256, 1_024, 1_500, 4_096, 65_536, 1_048_576, Number.POSITIVE_INFINITY])(
  'with %d open files, callers and receivers leave at least 160 for everything else',
  (openFiles) => {
    const { inbound, outbound } = socketBudget(openFiles, 10);

    expect(inbound).toBeGreaterThanOrEqual(30);
    expect(outbound).toBeGreaterThanOrEqual(40);
    expect(inbound + outbound).toBeLessThanOrEqual(openFiles - 160);
  },
);

test('the connections of a large database pool are reserved before callers and receivers get theirs', () => {
  const { inbound, outbound } = socketBudget(1_024, 200);

  expect(inbound + outbound).toBeLessThanOrEqual(1_024 - 150 - 200);
});

test('too few open files are refused with an error that says what to do', () => {
  expect(() => socketBudget(200, 10)).toThrow('the limit of open files is 200: Posthorn needs at least 256');
  expect(() => socketBudget(300, 100)).toThrow('the limit of open files is 300: Posthorn needs at least 346');
});

test('the open files limit of this process is found', () => {
  expect(openFilesLimit()).toBeGreaterThan(100);
});
