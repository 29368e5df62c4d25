import {
  type AuditInput,
  auditDeliveries,
  type DeliveryRecord,
  NO_DISCREPANCIES,
} from '../../faults/installation/ledger.ts';

const url = 'http://receiver/steady';

const booking = (changes: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
  event: 'a',
  url,
  status: 'delivered',
  counted: 1,
  numbers: [1],
  outcomes: ['delivered'],
  resent: 0,
  ...changes,
});

const receipt = (status: number | null = 200) => ({ event: 'a', url, status });

const books = (changes: Partial<AuditInput> = {}): AuditInput => ({
  acknowledged: new Map([['a', 1]]),
  receivedRequests: [receipt()],
  deliveries: [booking()],
  ...changes,
});

const clean = { ...NO_DISCREPANCIES, duplicates: 0, unknown: 0 };

test('books that agree have no findings', () => {
  expect(auditDeliveries(books())).toEqual(clean);
});

test('an acknowledged event without its deliveries is lost', () => {
  const findings = auditDeliveries(books({ deliveries: [], receivedRequests: [] }));
  expect(findings.lost).toEqual(['a has 0 deliveries of 1']);
});

test('a delivery with the status delivered that never got a 2xx is lost', () => {
  expect(auditDeliveries(books({ receivedRequests: [receipt(500)] })).lost).toHaveLength(1);
});

test('a request that no delivery stands for is unexpected', () => {
  const receivedRequests = [receipt(), { ...receipt(), event: 'b' }];
  expect(auditDeliveries(books({ receivedRequests })).unexpected).toEqual([`b at ${url}`]);
});

test('a repeated request is a duplicate, and explained only by a row of its own', () => {
  const receivedRequests = [receipt(), receipt()];
  const unknownFirst = booking({ counted: 2, numbers: [1, 2], outcomes: ['unknown', 'delivered'] });

  expect(auditDeliveries(books({ receivedRequests }))).toMatchObject({
    duplicates: 1,
    unexplained: [expect.any(String)],
  });
  expect(auditDeliveries(books({ receivedRequests, deliveries: [unknownFirst] }))).toEqual({
    ...clean,
    duplicates: 1,
    unknown: 1,
  });
  expect(
    auditDeliveries(books({ receivedRequests, deliveries: [booking({ resent: 1 })] })).unexplained,
  ).toEqual([]);
});

test('a request after a timeout is no duplicate, and one more is', () => {
  const timeoutFirst = booking({ counted: 2, numbers: [1, 2], outcomes: ['timeout', 'delivered'] });
  const thrice = booking({ counted: 3, numbers: [1, 2, 3], outcomes: ['timeout', 'unknown', 'delivered'] });

  expect(
    auditDeliveries(books({ receivedRequests: [receipt(), receipt()], deliveries: [timeoutFirst] })),
  ).toEqual(clean);
  expect(
    auditDeliveries(books({ receivedRequests: [receipt(), receipt(), receipt()], deliveries: [thrice] })),
  ).toEqual({ ...clean, duplicates: 1, unknown: 1 });
});

test('a row without a request is one of the outcomes that may have none', () => {
  const rejectedFirst = booking({ counted: 2, numbers: [1, 2], outcomes: ['rejected', 'delivered'] });
  const failedFirst = booking({ counted: 2, numbers: [1, 2], outcomes: ['connection_failed', 'delivered'] });

  expect(auditDeliveries(books({ deliveries: [rejectedFirst] })).unexplained).toHaveLength(1);
  expect(auditDeliveries(books({ deliveries: [failedFirst] }))).toEqual(clean);
});

test('attempt numbers that skip one, or another count than there are rows, are a gap', () => {
  expect(auditDeliveries(books({ deliveries: [booking({ numbers: [2] })] })).gaps).toHaveLength(1);
  expect(auditDeliveries(books({ deliveries: [booking({ counted: 2 })] })).gaps).toHaveLength(1);
});
