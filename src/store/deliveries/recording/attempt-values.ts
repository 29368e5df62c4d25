import {
  booleanArray,
  byteaArray,
  intArray,
  textArray,
  timestampArray,
} from '../../postgres/binary-arrays.ts';
import type { AttemptRecord } from './attempt-record.ts';

/** SQL: the parameters of `attemptValues`, which are the first of a statement that records attempts. */
export const ATTEMPT_PARAMETERS = `
  $1::text[], $2::int[], $3::timestamptz[], $4::int[], $5::int[], $6::boolean[], $7::text[], $8::bytea[], $9::bytea[],
  $10::bytea[], $11::boolean[]`;

/** SQL: what these parameters hold. */
export const ATTEMPT_COLUMNS = `
  id, epoch, started_at, duration_ms, status_code, resent, request_url, request_headers, response_headers, response_body,
  response_truncated`;

/** What every attempt has, whatever its outcome. */
export const attemptValues = (records: AttemptRecord[]): unknown[] => [
  textArray(records.map((r) => r.id)),
  intArray(records.map((r) => r.epoch)),
  timestampArray(records.map((r) => r.startedAt)),
  intArray(records.map((r) => r.durationMs)),
  intArray(records.map((r) => r.statusCode)),
  booleanArray(records.map((r) => r.resent)),
  textArray(records.map((r) => r.requestUrl)),
  byteaArray(records.map((r) => r.requestHeaders)),
  byteaArray(records.map((r) => r.responseHeaders)),
  byteaArray(records.map((r) => r.responseBody)),
  booleanArray(records.map((r) => r.responseTruncated)),
];
