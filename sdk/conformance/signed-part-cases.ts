import type { Case } from './case.ts';
import type { SigningInput } from './reference-signature.ts';

/** Of every case that starts from these. */
export const SENT_AT = 1_775_469_683;
export const EVENT_ID = 'evt_01m7xzy868keah9x980147nz22';

export type MakeCase = (what: string, changes: Partial<Case>) => Case;
export type MakeRefusedCase = (what: string, result: Case['result'], changes: Partial<Case>) => Case;
export type Sign = (changes?: Partial<SigningInput>) => string;

export const timeCases = (made: MakeCase, signed: Sign): Case[] => [
  made('as old as the tolerance', { now: SENT_AT + 300 }),
  made('a second older than the tolerance', { now: SENT_AT + 301, result: 'timestamp_too_old' }),
  made('as far in the future as the tolerance', { now: SENT_AT - 300 }),
  made('a second further in the future', { now: SENT_AT - 301, result: 'timestamp_in_future' }),
  made('as old as a tolerance of ten seconds', { now: SENT_AT + 10, toleranceSeconds: 10 }),
  made('older than ten seconds', { now: SENT_AT + 11, toleranceSeconds: 10, result: 'timestamp_too_old' }),
  made('of this second, without tolerance', { toleranceSeconds: 0 }),
  made('of the last second, without tolerance', {
    now: SENT_AT + 1,
    toleranceSeconds: 0,
    result: 'timestamp_too_old',
  }),
  made('old, and accepted with a tolerance of a day', { now: SENT_AT + 86_000, toleranceSeconds: 86_400 }),
  made('old and forged', {
    now: SENT_AT + 9_000,
    payload: { text: 'forged' },
    result: 'wrong_signature',
  }),
  made('a retry: the same event signed at a later time', {
    now: SENT_AT + 7_200,
    signature: signed({ sentAt: SENT_AT + 7_200 }),
    ...(made('', {}).timestamp !== undefined && { timestamp: `${SENT_AT + 7_200}` }),
  }),
];

export const timeHeaderCases = (refused: MakeRefusedCase): Case[] => [
  refused('another time in the header', 'wrong_signature', { timestamp: `${SENT_AT + 1}` }),
  refused('no timestamp', 'missing_timestamp', { timestamp: null }),
  refused('an empty timestamp', 'missing_timestamp', { timestamp: '' }),
  refused('a timestamp with a fraction', 'malformed_timestamp', { timestamp: `${SENT_AT}.5` }),
  refused('a negative timestamp', 'malformed_timestamp', { timestamp: '-1' }),
  refused('a date as the timestamp', 'malformed_timestamp', { timestamp: '2026-04-06T10:01:23Z' }),
  refused('digits of another script', 'malformed_timestamp', { timestamp: '١٧٧٥٤٦٩٦٨٣' }),
  refused('a timestamp with a line break', 'malformed_timestamp', { timestamp: `${SENT_AT}\n` }),
];

export const timeInSignatureCases = (refused: MakeRefusedCase, signed: Sign, stranger: string): Case[] => [
  refused('another time in the header', 'wrong_signature', {
    signature: signed().replace(`${SENT_AT}`, `${SENT_AT + 1}`),
  }),
  refused('no time', 'malformed_signature', { signature: signed().replace(`t=${SENT_AT},`, '') }),
  refused('a time with a fraction', 'malformed_signature', {
    signature: signed().replace(`${SENT_AT}`, `${SENT_AT}.5`),
  }),
  refused('a genuine signature after one of another time: the first time counts', 'wrong_signature', {
    signature: `${signed({ sentAt: SENT_AT + 5, secret: stranger })} ${signed()}`,
  }),
];

export const idCases = (refused: MakeRefusedCase, signed: Sign): Case[] => [
  refused('another id', 'wrong_signature', { id: `${EVENT_ID}0` }),
  refused('no id', 'missing_id', { id: null }),
  refused('an empty id', 'missing_id', { id: '' }),
  refused('an id that swallows the time and the start of the body', 'malformed_id', {
    id: `${EVENT_ID}.${SENT_AT}.{"a":"`,
    payload: { text: '"}' },
    signature: signed({ payload: { text: `{"a":".${SENT_AT}."}` } }),
  }),
];
