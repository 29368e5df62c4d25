import { auditBooks, type Booking, type Books, inAgreement } from '../../faults/installation/ledger.ts';

const url = 'http://receiver/steady';

const booking = (changes: Partial<Booking> = {}): Booking => ({
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

const books = (changes: Partial<Books> = {}): Books => ({
  acknowledged: new Map([['a', 1]]),
  receipts: [receipt()],
  bookings: [booking()],
  ...changes,
});

const clean = { ...inAgreement, duplicates: 0, unknown: 0 };

test('books that agree have no findings', () => {
  expect(auditBooks(books())).toEqual(clean);
});

test('an acknowledged event without its deliveries is lost', () => {
  const findings = auditBooks(books({ bookings: [], receipts: [] }));
  expect(findings.lost).toEqual(['a has 0 deliveries of 1']);
});

test('a delivery that is called delivered and was never answered with 2xx is lost', () => {
  expect(auditBooks(books({ receipts: [receipt(500)] })).lost).toHaveLength(1);
});

test('a request that no delivery stands for is unexpected', () => {
  const receipts = [receipt(), { ...receipt(), event: 'b' }];
  expect(auditBooks(books({ receipts })).unexpected).toEqual([`b at ${url}`]);
});

test('a repeated request is a duplicate, and explained only by a row of its own', () => {
  const receipts = [receipt(), receipt()];
  const unknownFirst = booking({ counted: 2, numbers: [1, 2], outcomes: ['unknown', 'delivered'] });

  expect(auditBooks(books({ receipts }))).toMatchObject({ duplicates: 1, unexplained: [expect.any(String)] });
  expect(auditBooks(books({ receipts, bookings: [unknownFirst] }))).toEqual({
    ...clean,
    duplicates: 1,
    unknown: 1,
  });
  expect(auditBooks(books({ receipts, bookings: [booking({ resent: 1 })] })).unexplained).toEqual([]);
});

test('a row without a request is one of the outcomes that may have none', () => {
  const rejectedFirst = booking({ counted: 2, numbers: [1, 2], outcomes: ['rejected', 'delivered'] });
  const failedFirst = booking({ counted: 2, numbers: [1, 2], outcomes: ['connection_failed', 'delivered'] });

  expect(auditBooks(books({ bookings: [rejectedFirst] })).unexplained).toHaveLength(1);
  expect(auditBooks(books({ bookings: [failedFirst] }))).toEqual(clean);
});

test('attempt numbers that skip one, or another count than there are rows, are a gap', () => {
  expect(auditBooks(books({ bookings: [booking({ numbers: [2] })] })).gaps).toHaveLength(1);
  expect(auditBooks(books({ bookings: [booking({ counted: 2 })] })).gaps).toHaveLength(1);
});
