import type { Endpoint, EndpointChanges } from '../../../../../sdk/typescript/src/models.ts';
import { newOAuthOf, type OAuthDraft, oauthChangesOf } from '../../../endpoint/oauth/oauth-draft.ts';
import { type TlsDraft, tlsOf } from '../../../endpoint/tls/tls-draft.ts';
import { formOf, overrideOf, type PolicyForm } from '../../policy/policy-form.ts';
import { type HeaderRow, headersOf } from './header-draft.ts';
import { type LimitsDraft, draftOf as limitsDraftOf, limitsOf } from './limit-draft.ts';

/** What the form holds: texts as they were written. */
export type EndpointDraft = {
  url: string;
  events: string;
  description: string;
  limits: LimitsDraft;
  policy: PolicyForm;
  /** Undefined: those that it has stay. The API does not tell their values. */
  headers: HeaderRow[] | undefined;
  /** JSON; empty: none. */
  filter: string;
  tls: TlsDraft;
  oauth: OAuthDraft;
};

export const NEW_DRAFT: EndpointDraft = {
  url: '',
  events: '*',
  description: '',
  limits: { rate: '', per: 'second', concurrency: '', ordered: false },
  policy: formOf(null),
  headers: [],
  filter: '',
  tls: {},
  oauth: undefined,
};

export const draftOf = (endpoint: Endpoint): EndpointDraft => ({
  url: endpoint.url,
  events: endpoint.events.join(', '),
  description: endpoint.description ?? '',
  limits: limitsDraftOf(endpoint),
  policy: formOf(endpoint.policy),
  headers: Object.keys(endpoint.headers).length > 0 ? undefined : [],
  filter: endpoint.filter === null ? '' : JSON.stringify(endpoint.filter, null, 2),
  tls: {},
  oauth: undefined,
});

/** The members of the API. Types stand between commas or spaces. Throws if the filter is no JSON. */
function membersOf(draft: EndpointDraft) {
  const { url, events, description, limits, policy, headers, filter, tls, oauth } = draft;
  return {
    url: url.trim(),
    events: events.split(/[\s,]+/).filter((type) => type !== ''),
    description: description === '' ? null : description,
    ...limitsOf(limits),
    policy: overrideOf(policy),
    headers: headers && headersOf(headers),
    filter: filter.trim() === '' ? null : (JSON.parse(filter) as Record<string, unknown>),
    tls: tlsOf(tls),
    oauth: oauthChangesOf(oauth),
  };
}

/** Those that a new endpoint has. */
export function newMembersOf(draft: EndpointDraft) {
  const { url, events, oauth: _, ...members } = membersOf(draft);
  const optional = { ...members, oauth: newOAuthOf(draft.oauth) };
  const given = Object.entries(optional).filter(([, value]) => value !== null && value !== undefined);
  return { url, events, ...(Object.fromEntries(given) as OnlyGiven<typeof optional>) };
}

type OnlyGiven<T> = { [Name in keyof T]?: NonNullable<T[Name]> };

/** Those that were changed, so that nothing that somebody else changes meanwhile is taken back. */
export function changesOf(draft: EndpointDraft, before: EndpointDraft): EndpointChanges {
  const old: Record<string, unknown> = membersOf(before);
  const changed = Object.entries(membersOf(draft)).filter(
    ([name, value]) => value !== undefined && JSON.stringify(value) !== JSON.stringify(old[name]),
  );
  return Object.fromEntries(changed) as EndpointChanges;
}
