import { createProfileLookup, type StoredProfile } from '../../../src/profiles/profile-lookup.ts';
import { createBuiltInProfiles } from '../../../src/profiles/shipped/registry.ts';
import { standardWebhooks } from '../../../src/profiles/shipped/standard-webhooks.ts';

const shipped = createBuiltInProfiles();

const stored = (title: string): StoredProfile => ({
  name: 'wire',
  version: 3,
  source: JSON.stringify({ ...standardWebhooks, name: 'wire', title, eventTypes: [] }),
});

/** A store that counts what it is asked, and answers by `answer`. */
function counting(answer: () => Promise<StoredProfile | undefined>) {
  const asked: string[] = [];
  const find = (projectId: string | null, name: string, version: number) => {
    asked.push(`${projectId} ${name} ${version}`);
    return answer();
  };
  return { asked, find };
}

test('a version in use is asked for once, however many attempts need it at the same time', async () => {
  const store = counting(async () => stored('Wire'));
  const lookup = createProfileLookup(shipped, store);
  const found = await Promise.all(Array.from({ length: 50 }, () => lookup.find('prj_1', 'wire', 3)));
  expect(new Set(found).size).toBe(1);
  expect(found[0]).toMatchObject({ name: 'wire', version: 3, title: 'Wire' });
  expect(await lookup.find('prj_1', 'wire', 3)).toBe(found[0]);
  expect(store.asked).toEqual(['prj_1 wire 3']);
});

test('projects are told apart, and so is no project', async () => {
  const store = counting(async () => stored('Wire'));
  const lookup = createProfileLookup(shipped, store);
  for (const project of ['prj_1', 'prj_2', null]) await lookup.find(project, 'wire', 3);
  expect(store.asked).toEqual(['prj_1 wire 3', 'prj_2 wire 3', 'null wire 3']);
});

test('what is stored goes before what ships, and what is not stored is what ships', async () => {
  const named = { ...stored('Kept'), name: 'cmdcal', version: 1 };
  const taken = createProfileLookup(
    shipped,
    counting(async () => named),
  );
  expect(await taken.find('prj_1', 'cmdcal', 1)).toMatchObject({ title: 'Kept' });

  const store = counting(async () => undefined);
  const free = createProfileLookup(shipped, store);
  expect(await free.find('prj_1', 'cmdcal', 1)).toBe(shipped.get('cmdcal'));
  expect(await free.find('prj_1', 'cmdcal', 1)).toBe(shipped.get('cmdcal'));
  expect(await free.find('prj_1', 'cmdcal', null)).toBe(shipped.get('cmdcal'));
  expect(store.asked).toHaveLength(1);
});

test('what is nowhere is looked for again, and so is what an outage kept away', async () => {
  let answer = async (): Promise<StoredProfile | undefined> => undefined;
  const lookup = createProfileLookup(
    shipped,
    counting(() => answer()),
  );
  expect(await lookup.find('prj_1', 'wire', 3)).toBeUndefined();
  answer = () => Promise.reject(new Error('away'));
  await expect(lookup.find('prj_1', 'wire', 3)).rejects.toThrow('away');
  answer = async () => stored('Wire');
  expect(await lookup.find('prj_1', 'wire', 3)).toMatchObject({ title: 'Wire' });
});
