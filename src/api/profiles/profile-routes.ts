import { z } from 'zod';
import { createCatalogue } from '../../catalogue/catalogue.ts';
import type { Profile } from '../../profiles/profile.ts';
import { referencesConsumer } from '../../profiles/required-fields.ts';
import { compileSecret } from '../../profiles/secret-rules.ts';
import { countConsumerlessUnderProfile } from '../../store/endpoints/consumerless-endpoints.ts';
import { secretsUnderProfile } from '../../store/endpoints/endpoint-secrets.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import { listEventTypes } from '../../store/projects/event-types.ts';
import {
  findProfile,
  listProfiles,
  newestProfileVersion,
  type PutProfileResult,
  putProfile,
  SHARED_SCOPE,
  type StoredProfile,
} from '../../store/projects/profiles.ts';
import type { Authentication } from '../auth/authentication.ts';
import type { Tenant } from '../auth/tenant.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { catalogueWarnings } from '../event-types/catalogue-warnings.ts';
import { rawData } from '../events/event-drafts.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageResponse } from '../http/page-response.ts';
import {
  json,
  jsonText,
  type Route,
  type RouteResponse,
  type SharedCall,
  sharedRoute,
} from '../http/route.ts';
import { pageQuery, pageSchema } from '../http/validation/fields.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { invalidBody, Problem } from '../problems/problem.ts';
import { profilePage, profileSource } from './profile-list.ts';
import { previewOf } from './profile-preview.ts';
import {
  changedProfile,
  listedProfile,
  newPreview,
  preview,
  profile,
  profileName,
  type StoredProfileResponse,
  storedProfile,
  versionQuery,
} from './profile-schemas.ts';
import { requireConsumers } from './require-consumers.ts';
import { requireValidSecrets } from './require-valid-secrets.ts';
import { signingRoute } from './signing-route.ts';

/** Limits on profile names per project, shared profile names, and versions of each. Profiles are never removed. */
const MAX_OWN_NAMES = 50;
const MAX_SHARED_NAMES = 200;
const MAX_VERSIONS = 1_000;

/** Projects to which a plan change is applied at once. The reconciler's next sweep applies it to the rest. */
const MAX_PROJECTS_APPLIED_AT_ONCE = 20;

const params = z.object({ name: profileName });
const tag = 'Profiles';

const listProfilesQuery = z.strictObject(pageQuery);

export function profileRoutes(
  { pool, profiles, endpointStates, secretBox, clock }: ApiDependencies,
  db: Queryable,
  authentication: Authentication,
  readPool: TenantReadPool,
): Route[] {
  const { shipped } = profiles;

  const newestFor = async (tenant: Tenant | null, name: string): Promise<number | null> =>
    (await newestProfileVersion(db, projectOf(tenant), name)) ?? shipped.get(name)?.version ?? null;

  return [
    sharedRoute({
      method: 'get',
      path: '/v1/profiles',
      operationId: 'listProfiles',
      tag,
      summary: 'List the available profiles, by name',
      access: 'shared',
      query: listProfilesQuery,
      responses: { 200: { description: 'A page of profiles', schema: pageSchema(listedProfile) } },
      problems: ['invalid_cursor'],
      handle: handleListProfiles,
    }),
    sharedRoute({
      method: 'get',
      path: '/v1/profiles/{name}',
      operationId: 'getProfile',
      tag,
      summary: 'Get a profile',
      access: 'shared',
      params,
      query: versionQuery,
      responses: { 200: { description: 'The profile', schema: storedProfile } },
      handle: getProfile,
    }),
    sharedRoute({
      method: 'put',
      path: '/v1/profiles/{name}',
      operationId: 'putProfile',
      rateLimit: 'profileChanges',
      tag,
      summary: 'Create a profile, or a new version of it',
      description:
        "Creates the project's own profile or, with the admin key and no project, one that all projects share. If the profile equals its newest version, no new version is created. Events keep the version under which they were accepted.",
      access: 'shared',
      params,
      body: profile,
      bodyLimit: 'profile',
      responses: {
        200: { description: 'The profile with its version number', schema: changedProfile },
      },
      problems: [
        'profile_name_taken',
        'too_many_profiles',
        'secrets_refused',
        'consumer_required',
        ...READ_PROBLEMS,
      ],
      handle: handlePutProfile,
    }),
    sharedRoute({
      method: 'post',
      path: '/v1/profiles/{name}/preview',
      operationId: 'previewProfile',
      audited: false,
      rateLimit: 'profilePreviews',
      tag,
      summary: 'Preview the request that a receiver would get',
      description:
        'Nothing is sent or stored. Without `data`, the example of the type is used. With `data`, the event is composed, or refused, as if it were posted, except that its data is not validated against a schema.',
      access: 'shared',
      params,
      query: versionQuery,
      body: newPreview,
      responses: {
        200: { description: 'The body, the headers and the secret that signed them', schema: preview },
      },
      problems: ['data_not_representable'],
      handle: previewProfile,
    }),
    signingRoute(),
  ];

  async function handleListProfiles({ tenant, query }: SharedCall<{ query: typeof listProfilesQuery }>) {
    const stored = await listProfiles(db, projectOf(tenant));
    const page = profilePage(shipped, stored, pageRequest('id', query));
    return pageResponse('id', page.items, page.next);
  }

  async function getProfile({
    tenant,
    params: { name },
    query,
  }: SharedCall<{ params: typeof params; query: typeof versionQuery }>): Promise<
    RouteResponse<StoredProfileResponse>
  > {
    const version = query.version ?? (await newestFor(tenant, name));
    if (version === null) throw new Problem('not_found');
    const stored = await findProfile(db, projectOf(tenant), name, version);
    if (stored) return storedResponse(stored);
    const source = shipped.source(name, version);
    if (!source) throw new Problem('not_found');
    return json(200, { name, version, source: 'shipped' as const, profile: source });
  }

  async function handlePutProfile({
    tenant,
    params: { name },
    body,
  }: SharedCall<{ params: typeof params; body: typeof profile }>) {
    if (body.name !== name) throw invalidBody([{ pointer: '/name', detail: 'must be the name in the path' }]);
    if (shipped.get(name))
      throw new Problem('profile_name_taken', 'A profile with this name ships with Posthorn.');
    const scope = projectOf(tenant) ?? SHARED_SCOPE;
    await requireConsumers(referencesConsumer(body), () => countConsumerlessUnderProfile(db, scope, name));
    await requireValidSecrets(secretBox, compileSecret(body.secret).secretProblem, clock, (after) =>
      secretsUnderProfile(db, scope, name, after),
    );
    const { title, eventTypes, plans = null } = body;
    const limits = {
      names: scope === SHARED_SCOPE ? MAX_SHARED_NAMES : MAX_OWN_NAMES,
      versions: MAX_VERSIONS,
    };
    const types = eventTypes.map((type) => type.name);
    const row = { scope, name, title, eventTypes: types, plans, source: JSON.stringify(body) };
    const { profile, planChanges } = storedOrThrow(await mapOutage(putProfile(pool, row, limits)));
    authentication.invalidate(projectOf(tenant));
    for (const due of planChanges.slice(0, MAX_PROJECTS_APPLIED_AT_ONCE))
      await mapOutage(endpointStates.applyPlans(due));
    return storedResponse(profile, await warningsOf(tenant, body));
  }

  /** The project may use this profile and have endpoints that subscribe to types that the new version lacks. */
  async function warningsOf(tenant: Tenant | null, { name, eventTypes }: Profile): Promise<string[]> {
    if (tenant?.profile.name !== name) return [];
    const { projectId } = tenant;
    const projectTypes = await listEventTypes(readPool(tenant), projectId);
    return catalogueWarnings(readPool(tenant), projectId, createCatalogue(eventTypes, projectTypes));
  }

  async function previewProfile({
    tenant,
    params: { name },
    query,
    body,
    document,
  }: SharedCall<{ params: typeof params; query: typeof versionQuery; body: typeof newPreview }>) {
    const version = query.version ?? (await newestFor(tenant, name));
    const found = version && (await profiles.find(projectOf(tenant), name, version));
    if (!found) throw new Problem('not_found');
    // The project's own event types apply only to the profile that it uses.
    const catalogue = tenant?.profile === found ? tenant.catalogue : createCatalogue(found.eventTypes);
    return json(200, previewOf(found, catalogue, body, rawData(document), new Date(clock.now())));
  }
}

const projectOf = (tenant: Tenant | null): string | null => tenant?.projectId ?? null;

type Stored = Extract<PutProfileResult, { kind: 'stored' }>;

/** Inserts the stored source byte for byte into the response. */
const storedResponse = (
  { scope, name, version, source }: StoredProfile,
  warnings?: string[],
): RouteResponse => {
  const head = JSON.stringify({ name, version, source: profileSource(scope), warnings });
  return jsonText(200, `${head.slice(0, -1)},"profile":${source}}`);
};

function storedOrThrow(result: PutProfileResult): Stored {
  switch (result.kind) {
    case 'stored':
      return result;
    case 'shared':
      throw new Problem('profile_name_taken', 'A shared profile with this name exists.');
    case 'too_many_names':
      throw new Problem('too_many_profiles');
    case 'too_many_versions':
      throw new Problem('too_many_profiles', `The profile already has ${MAX_VERSIONS} versions.`);
  }
}
