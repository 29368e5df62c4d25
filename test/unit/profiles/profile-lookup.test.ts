import { createProfileLookup, type StoredProfile } from '../../../src/profiles/profile-lookup.ts';
import { createShippedProfiles } from '../../../src/profiles/shipped/registry.ts';
import { standardWebhooks } from '../../../src/profiles/shipped/standard-webhooks.ts';

const shipped = createShippedProfiles();

const stored = (title: string): StoredProfile => ({
  name: 'wire',
  version: 3,
  source: JSON.stringify({ ...standardWebhooks, name: 'wire', title, eventTypes: [] }),
});

/** A store that records its queries and returns the result of `load`. */
function recordingStore(load: () => Promise<StoredProfile | undefined>) {
  const queries: string[] = [];
  const find = (projectId: string | null, name: string, version: number) => {
    queries.push(`${projectId} ${name} ${version}`);
    return load();
  };
  return { queries, find };
}

test('a version is loaded once, even if many attempts need it at the same time', async () => {
  const store = recordingStore(async () => stored('Wire'));
  const lookup = createProfileLookup(shipped, store);
  const found = await Promise.all(Array.from({ length: 50 }, () => lookup.find('prj_1', 'wire', 3)));
  expect(new Set(found).size).toBe(1);
  expect(found[0]).toMatchObject({ name: 'wire', version: 3, title: 'Wire' });
  expect(await lookup.find('prj_1', 'wire', 3)).toBe(found[0]);
  expect(store.queries).toEqual(['prj_1 wire 3']);
});

test('each project has its own cache entries, and so has the absence of a project', async () => {
  const store = recordingStore(async () => stored('Wire'));
  const lookup = createProfileLookup(shipped, store);
  for (const project of ['prj_1', 'prj_2', null]) await lookup.find(project, 'wire', 3);
  expect(store.queries).toEqual(['prj_1 wire 3', 'prj_2 wire 3', 'null wire 3']);
});

test('a stored profile takes precedence over a shipped one of the same name', async () => {
  const named = { ...stored('Kept'), name: 'cmdcal', version: 1 };
  const taken = createProfileLookup(
    shipped,
    recordingStore(async () => named),
  );
  expect(await taken.find('prj_1', 'cmdcal', 1)).toMatchObject({ title: 'Kept' });

  const store = recordingStore(async () => undefined);
  const free = createProfileLookup(shipped, store);
  expect(await free.find('prj_1', 'cmdcal', 1)).toBe(shipped.get('cmdcal'));
  expect(await free.find('prj_1', 'cmdcal', 1)).toBe(shipped.get('cmdcal'));
  expect(await free.find('prj_1', 'cmdcal', null)).toBe(shipped.get('cmdcal'));
  expect(store.queries).toHaveLength(1);
});

test('missing profiles and failures are not cached', async () => {
  let load = async (): Promise<StoredProfile | undefined> => undefined;
  const lookup = createProfileLookup(
    shipped,
    recordingStore(() => load()),
  );
  expect(await lookup.find('prj_1', 'wire', 3)).toBeUndefined();
  load = () => Promise.reject(new Error('unavailable'));
  await expect(lookup.find('prj_1', 'wire', 3)).rejects.toThrow('unavailable');
  load = async () => stored('Wire');
  expect(await lookup.find('prj_1', 'wire', 3)).toMatchObject({ title: 'Wire' });
});
