import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { CompiledProfile } from '../../profiles/compile-profile.ts';
import { EXAMPLE_EVENT } from '../../profiles/example-event.ts';
import { newId } from '../../store/postgres/ids.ts';
import { invalidBody, Problem } from '../problems/problem.ts';
import type { PreviewInput, PreviewResponse } from './profile-schemas.ts';

/**
 * Returns the request that a receiver would get for an event, signed with a secret that is returned as well. Without
 * `data`, the catalogue's example of the type is used and omitted members get sample values. With `data`, the input is
 * the whole event, and is refused if an event posted like this would be refused.
 */
export function previewOf(
  profile: CompiledProfile,
  catalogue: Catalogue,
  input: PreviewInput,
  data: Buffer | undefined,
  now: Date,
): PreviewResponse {
  const event = {
    id: input.id ?? newId('evt', now.getTime()),
    type: input.type,
    sequence: EXAMPLE_EVENT.sequence,
    createdAt: input.createdAt === undefined ? now : new Date(input.createdAt),
    ...(data
      ? { consumer: input.consumer ?? null, attributes: input.attributes ?? {}, data }
      : exampleOf(catalogue, input)),
  };
  const body = profile.composeBody({ ...event, test: input.test ?? false });
  if (!Buffer.isBuffer(body)) throw new Problem('data_not_representable', undefined, body);
  const secret = profile.generateSecret();
  const sentAt = Math.floor(now.getTime() / 1000);
  const { id, type, consumer, attributes, createdAt } = event;
  return {
    profile: profile.name,
    version: profile.version,
    id,
    type,
    consumer,
    attributes,
    createdAt,
    sentAt: new Date(sentAt * 1000),
    secret,
    headers: profile.requestHeaders({ ...event, sentAt, body, secrets: [secret] }),
    body: body.toString('utf8'),
  };
}

function exampleOf(catalogue: Catalogue, input: PreviewInput) {
  const example = catalogue.example(input.type);
  if (!example) throw invalidBody([{ pointer: '/data', detail: 'is required: the type has no example' }]);
  return {
    consumer: input.consumer ?? EXAMPLE_EVENT.consumer,
    attributes: { ...example.attributes, ...input.attributes },
    data: example.data,
  };
}
