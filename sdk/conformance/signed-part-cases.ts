import type { Case } from './case.ts';
import type { SigningInput } from './reference-signature.ts';

/** The time and the event id of the cases, unless a case says otherwise. */
export const SENT_AT = 1_775_469_683;
export const EVENT_ID = 'evt_01m7xzy868keah9x980147nz22';

export type MakeCase = (what: string, changes: Partial<Case>) => Case;
export type MakeRefusedCase = (what: string, result: Case['result'], changes: Partial<Case>) => Case;
export type Sign = (changes?: Partial<SigningInput>) => string;

export const timeCases = (makeCase: MakeCase, signed: Sign): Case[] => [
  makeCase('exactly as old as the tolerance', { now: SENT_AT + 300 }),
  makeCase('one second older than the tolerance', { now: SENT_AT + 301, result: 'timestamp_too_old' }),
  makeCase('exactly as far in the future as the tolerance', { now: SENT_AT - 300 }),
  makeCase('one second further in the future than the tolerance', {
    now: SENT_AT - 301,
    result: 'timestamp_in_future',
  }),
  makeCase('exactly as old as a tolerance of 10 seconds', { now: SENT_AT + 10, toleranceSeconds: 10 }),
  makeCase('older than a tolerance of 10 seconds', {
    now: SENT_AT + 11,
    toleranceSeconds: 10,
    result: 'timestamp_too_old',
  }),
  makeCase('signed in this second, with a tolerance of 0', { toleranceSeconds: 0 }),
  makeCase('signed one second ago, with a tolerance of 0', {
    now: SENT_AT + 1,
    toleranceSeconds: 0,
    result: 'timestamp_too_old',
  }),
  makeCase('old, with a tolerance of one day', { now: SENT_AT + 86_000, toleranceSeconds: 86_400 }),
  makeCase('old and forged', {
    now: SENT_AT + 9_000,
    payload: { text: 'forged' },
    result: 'wrong_signature',
  }),
  makeCase('a retry: the same event signed at a later time', {
    now: SENT_AT + 7_200,
    signature: signed({ sentAt: SENT_AT + 7_200 }),
    ...(makeCase('', {}).timestamp !== undefined && { timestamp: `${SENT_AT + 7_200}` }),
  }),
];

export const timeHeaderCases = (makeRefusedCase: MakeRefusedCase): Case[] => [
  makeRefusedCase('another time in the header', 'wrong_signature', { timestamp: `${SENT_AT + 1}` }),
  makeRefusedCase('no timestamp', 'missing_timestamp', { timestamp: null }),
  makeRefusedCase('an empty timestamp', 'missing_timestamp', { timestamp: '' }),
  makeRefusedCase('a timestamp with a fraction', 'malformed_timestamp', { timestamp: `${SENT_AT}.5` }),
  makeRefusedCase('a negative timestamp', 'malformed_timestamp', { timestamp: '-1' }),
  makeRefusedCase('an ISO date as the timestamp', 'malformed_timestamp', {
    timestamp: '2026-04-06T10:01:23Z',
  }),
  makeRefusedCase('a timestamp in digits of another script', 'malformed_timestamp', {
    timestamp: '١٧٧٥٤٦٩٦٨٣',
  }),
  makeRefusedCase('a timestamp with a line break', 'malformed_timestamp', { timestamp: `${SENT_AT}\n` }),
];

export const timeInSignatureCases = (
  makeRefusedCase: MakeRefusedCase,
  signed: Sign,
  unknownSecret: string,
): Case[] => [
  makeRefusedCase('another time in the header', 'wrong_signature', {
    signature: signed().replace(`${SENT_AT}`, `${SENT_AT + 1}`),
  }),
  makeRefusedCase('no time', 'malformed_signature', { signature: signed().replace(`t=${SENT_AT},`, '') }),
  makeRefusedCase('a time with a fraction', 'malformed_signature', {
    signature: signed().replace(`${SENT_AT}`, `${SENT_AT}.5`),
  }),
  makeRefusedCase(
    'a valid signature after one with another time, of which only the first time is used',
    'wrong_signature',
    {
      signature: `${signed({ sentAt: SENT_AT + 5, secret: unknownSecret })} ${signed()}`,
    },
  ),
];

export const idCases = (makeRefusedCase: MakeRefusedCase, signed: Sign): Case[] => [
  makeRefusedCase('another id', 'wrong_signature', { id: `${EVENT_ID}0` }),
  makeRefusedCase('no id', 'missing_id', { id: null }),
  makeRefusedCase('an empty id', 'missing_id', { id: '' }),
  makeRefusedCase('an id that contains the time and the start of the body', 'malformed_id', {
    id: `${EVENT_ID}.${SENT_AT}.{"a":"`,
    payload: { text: '"}' },
    signature: signed({ payload: { text: `{"a":".${SENT_AT}."}` } }),
  }),
];
