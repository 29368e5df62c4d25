import { openFilesLimit, socketPlan } from '../../src/sharing/socket-plan.ts';

test.each([256, 1_024, 1_500, 4_096, 65_536, 1_048_576, Number.POSITIVE_INFINITY])(
  'with %d open files callers and receivers together leave 160 to everything else',
  (openFiles) => {
    const { inbound, outbound } = socketPlan(openFiles);

    expect(inbound).toBeGreaterThanOrEqual(30);
    expect(outbound).toBeGreaterThanOrEqual(40);
    expect(inbound + outbound).toBeLessThanOrEqual(openFiles - 160);
  },
);

test('too few are refused with what to do', () => {
  expect(() => socketPlan(200)).toThrow('the limit of open files is 200');
});

test('the limit of this process is found', () => {
  expect(openFilesLimit()).toBeGreaterThan(100);
});
