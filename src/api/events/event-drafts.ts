import type { AddressGuard } from '../../egress/addresses/address-guard.ts';
import type { EventDraft } from '../../store/events/event-draft.ts';
import { newId } from '../../store/postgres/ids.ts';
import type { Tenant } from '../auth/tenant.ts';
import { checkedTargetUrl } from '../endpoints/settings/target-urls.ts';
import type { JsonDocument } from '../http/body/json-document.ts';
import type { Member } from '../http/body/json-members.ts';
import { invalidBody, Problem, prependPointer } from '../problems/problem.ts';
import { contentHash } from './content-hash.ts';
import type { EventInput } from './event-schemas.ts';
import { expiryOf } from './expiry.ts';

/** An event in a parsed request body. */
export type PostedEvent = {
  /** Includes `data` only if it has already been parsed. */
  input: Omit<EventInput, 'data'> & { data?: unknown };
  document: Pick<JsonDocument, 'bytes' | 'members'>;
  /** JSON pointer of the event in the body: empty, or `/events/3`. */
  pointer: string;
  receivedAt: Date;
};

type Content = Pick<
  EventDraft,
  | 'id'
  | 'type'
  | 'consumer'
  | 'attributes'
  | 'data'
  | 'target'
  | 'endpoint'
  | 'test'
  | 'createdAt'
  | 'expiresAt'
> & { expiry?: string };

/** A draft without the parts that the profile composes. */
type Uncomposed = Omit<EventDraft, 'body' | 'profile' | 'profileVersion'>;

/** A posted event, validated and composed by the profile; or the problem with it. */
export function draftOrRefusal(
  tenant: Tenant,
  guard: AddressGuard,
  { input, document, pointer, receivedAt }: PostedEvent,
): EventDraft | { event: Uncomposed; problem: Problem } {
  const content = {
    id: input.id ?? newId('evt', receivedAt.getTime()),
    type: input.type,
    consumer: input.consumer ?? null,
    attributes: input.attributes ?? {},
    data: dataOf(document, pointer),
    target: input.target ? { ...input.target, url: normalized(input.target.url) } : null,
    endpoint: null,
    test: false,
    createdAt: receivedAt,
    ...expiryOf(input, receivedAt),
  };
  try {
    if (input.target) requireUsableTarget(input.target, tenant, guard, pointer);
    return composeDraft(tenant, content, pointer);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return { event: uncomposed(tenant, content), problem };
  }
}

/** Adds the body that the profile composes. Throws if it cannot compose one; `pointer` is prepended to each error's pointer. */
export function composeDraft(tenant: Tenant, content: Content, pointer = ''): EventDraft {
  const { profile } = tenant;
  const compose = (sequence?: number): Pick<EventDraft, 'body' | 'data'> => {
    const composed = profile.compose({ ...content, sequence });
    if (!('errors' in composed)) return composed;
    throw new Problem('data_not_representable', undefined, {
      errors: prependPointer(pointer, composed.errors),
    });
  };
  return {
    ...uncomposed(tenant, content),
    ...compose(),
    profile: profile.name,
    profileVersion: profile.version,
    withSequence: profile.usesSequence ? compose : undefined,
  };
}

const uncomposed = ({ projectId, policy }: Tenant, { expiry, ...content }: Content): Uncomposed => ({
  ...content,
  projectId,
  contentHash: contentHash({ ...content, expiry }),
  policy,
});

function dataOf(document: PostedEvent['document'], pointer: string): Buffer {
  const data = rawData(document);
  if (!data) throw invalidBody([{ pointer: `${pointer}/data`, detail: 'is required' }]);
  return data;
}

/** The bytes of the member `data`; undefined if there is none. */
export function rawData({ bytes, members }: PostedEvent['document']): Buffer | undefined {
  const member = memberNamed('data', members);
  return member && bytes.subarray(member.start, member.end);
}

const memberNamed = (name: string, members: Member[]): Member | undefined =>
  members.find((member) => member.name === name);

/** The URL in the form in which it would be stored. A string that is not a URL cannot match any stored event. */
const normalized = (url: string): string => (URL.canParse(url) ? new URL(url).href : url);

function requireUsableTarget(
  { url, secret }: { url: string; secret: string },
  { profile }: Tenant,
  guard: AddressGuard,
  pointer: string,
): void {
  const problem = profile.secretProblem(secret);
  if (problem !== undefined) {
    throw invalidBody([{ pointer: `${pointer}/target/secret`, detail: problem }]);
  }
  checkedTargetUrl(url, profile.urls, guard, `${pointer}/target/url`);
}
