import { queryOptions } from '@tanstack/react-query';
import type { EventType, Preview, StoredProfile } from '../../../sdk/typescript/src/models.ts';
import { rawMember } from '../json-view/raw-member.ts';
import { clientOf } from './client.ts';
import { callRaw, jsonOf } from './raw-call.ts';

const MAX_TYPES = 1_000;

/** The whole catalogue, which has at most 1,000 types, with the number of endpoints that subscribe to each. */
export const catalogueQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'event-types', 'figures'],
    queryFn: async () => {
      const types: EventType[] = [];
      for await (const type of clientOf(project).eventTypes.all({ limit: 200, figures: 'endpoints' })) {
        types.push(type);
        if (types.length >= MAX_TYPES) break;
      }
      return types;
    },
    staleTime: 10_000,
  });

/** A type with the exact texts of its schema and example. */
export type ExactEventType = { type: EventType; schema: string; example: string };

export const eventTypeQuery = (project: string, type: string) =>
  queryOptions({
    queryKey: [project, 'event-types', 'one', type],
    queryFn: async (): Promise<ExactEventType> => {
      const text = await callRaw(
        project,
        'GET',
        `/v1/event-types/${encodeURIComponent(type)}?figures=endpoints`,
      );
      return {
        type: JSON.parse(text) as EventType,
        schema: rawMember(text, 'schema') ?? 'null',
        example: rawMember(text, 'example') ?? 'null',
      };
    },
    staleTime: 10_000,
  });

export type PreviewInput = {
  type: string;
  /** JSON text; undefined: the example of the type. */
  data?: string | undefined;
  attributes?: Record<string, string> | undefined;
  consumer?: string | undefined;
};

/** The request that a receiver would get, under a version of a profile. */
export async function previewUnder(
  project: string,
  profile: { name: string; version: number },
  { type, data, attributes, consumer }: PreviewInput,
): Promise<Preview> {
  const body = jsonOf({
    type: JSON.stringify(type),
    data,
    attributes: attributes && JSON.stringify(attributes),
    consumer: consumer === undefined || consumer === '' ? undefined : JSON.stringify(consumer),
  });
  const path = `/v1/profiles/${encodeURIComponent(profile.name)}/preview?version=${profile.version}`;
  return JSON.parse(await callRaw(project, 'POST', path, body)) as Preview;
}

/** The same under the project's own profile. */
export const previewQuery = (project: string, type: string, enabled: boolean) =>
  queryOptions({
    queryKey: [project, 'preview', type],
    queryFn: () => clientOf(project).eventTypes.preview(type),
    staleTime: 60_000,
    enabled,
    retry: false,
  });

export const signingQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'signing'],
    queryFn: () => clientOf(project).profiles.signing(),
    staleTime: 60_000,
  });

export const profilesQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'profiles'],
    queryFn: async () => (await clientOf(project).profiles.list({ limit: 200 })).items,
    staleTime: 60_000,
  });

/** A version of a profile, the newest if none is given, with its exact text. */
export const exactProfileQuery = (project: string, name: string, version: number | undefined) =>
  queryOptions({
    queryKey: [project, 'exact-profile', name, version],
    queryFn: async () => {
      const path = `/v1/profiles/${encodeURIComponent(name)}${version === undefined ? '' : `?version=${version}`}`;
      const text = await callRaw(project, 'GET', path);
      return { stored: JSON.parse(text) as StoredProfile, text: rawMember(text, 'profile') ?? text };
    },
    staleTime: 60_000,
    enabled: name !== '',
  });
