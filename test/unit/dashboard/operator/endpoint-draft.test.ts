import { testTypeFor } from '../../../../dashboard/src/catalogue/test-type.ts';
import {
  changesOf,
  draftOf,
  NEW_DRAFT,
  newMembersOf,
} from '../../../../dashboard/src/operator/endpoint/form/endpoint-draft.ts';
import { headersOf, rowProblem } from '../../../../dashboard/src/operator/endpoint/form/header-draft.ts';
import { policyOver } from '../../../../dashboard/src/operator/policy/policy-form.ts';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';

const endpoint = {
  url: 'https://example.com/hooks',
  events: ['order.*'],
  description: null,
  headers: { 'x-tenant': '***' },
  policy: { schedule: 'three-days' },
  filter: null,
  rate: null,
  concurrency: null,
  ordered: false,
} as unknown as Endpoint;

test('only what was changed is sent, so that headers stay whose values nobody knows', () => {
  const before = draftOf(endpoint);
  expect(changesOf(before, before)).toEqual({});
  expect(changesOf({ ...before, url: ' https://example.com/new ', filter: '{"a": true}' }, before)).toEqual({
    url: 'https://example.com/new',
    filter: { a: true },
  });
  const policy = { ...before.policy, schedule: 'below' as const };
  expect(changesOf({ ...before, policy }, before)).toEqual({ policy: null });
  expect(changesOf({ ...before, headers: [] }, before)).toEqual({ headers: null });
  expect(changesOf({ ...before, headers: [{ name: 'X-A ', value: ' b' }] }, before)).toEqual({
    headers: { 'X-A': 'b' },
  });
});

test('a new endpoint has the members that were filled in', () => {
  expect(newMembersOf({ ...NEW_DRAFT, url: 'https://a.example', events: 'a.b, c.*' })).toEqual({
    url: 'https://a.example',
    events: ['a.b', 'c.*'],
    ordered: false,
  });
});

test('a row of headers is wrong without a name or a value, and if its name comes twice', () => {
  const rows = [
    { name: 'X-A', value: '1' },
    { name: '', value: '2' },
    { name: 'X-B', value: ' ' },
    { name: 'x-a', value: '3' },
    { name: '', value: '' },
  ];
  expect(rows.map((_, index) => rowProblem(rows, index))).toEqual([
    undefined,
    'It has no name.',
    'It has no value.',
    'The name comes twice.',
    undefined,
  ]);
  expect(headersOf([{ name: '', value: '' }])).toBeNull();
});

test('the policy of a project goes over that of its profile, member by member', () => {
  const profile = { delays: ['1m'], timeout: '15s', jitter: 0.1, finalStatuses: ['410'] };
  expect(policyOver(null, profile)).toEqual(profile);
  expect(policyOver({ schedule: 'default', jitter: 0 }, profile)).toEqual({
    ...profile,
    delays: ['1m', '5m', '30m', '2h'],
    jitter: 0,
  });
});

test('a test begins with a type that the endpoint gets: one with an example, then any known one, then one that fits', () => {
  const known = [
    { type: 'user.made', description: '', hasExample: true },
    { type: 'order.made', description: '', hasExample: false },
    { type: 'order.paid', description: '', hasExample: true },
  ];
  expect(testTypeFor(['order.*'], known)).toBe('order.paid');
  expect(testTypeFor(['order.made'], known)).toBe('order.made');
  expect(testTypeFor(['invoice.sent', 'invoice.*'], known)).toBe('invoice.sent');
  expect(testTypeFor(['invoice.*'], known)).toBe('invoice.test');
  expect(testTypeFor(['*'], [])).toBe('posthorn.test');
});
