import { keepPicture, violationsOf } from '../accessibility.ts';
import { HOSTILE, type Stage, TEST_MS } from '../stage.ts';

const SCHEMA = {
  type: 'object',
  required: ['render', 'seconds'],
  properties: {
    render: { type: 'string', description: 'The id of the job', maxLength: 20 },
    seconds: { type: 'number', minimum: 0 },
    pages: { type: 'array', items: { type: 'object', properties: { width: { type: 'integer' } } } },
  },
};

/** A catalogue of two types, one of which is hostile. */
export async function putCatalogue({ posthorn }: Stage, key = posthorn.project.key): Promise<void> {
  const put = (type: string, body: object) =>
    posthorn.client.call('PUT', `/v1/event-types/${type}`, { key, body });
  await put('render.completed', {
    description: 'A render job has finished',
    schema: SCHEMA,
    example: { render: 'r_1', seconds: 42, pages: [{ width: 1080 }] },
  });
  await put('render.failed', {
    description: HOSTILE,
    example: { note: HOSTILE },
  });
}

/** In a project with a catalogue, endpoints subscribe to no other types. */
export async function dropCatalogue({ posthorn }: Stage): Promise<void> {
  for (const type of ['render.completed', 'render.failed'])
    await posthorn.call('DELETE', `/v1/event-types/${type}`);
}

export function catalogueTests(stage: Stage): void {
  test(
    'a type is found, read with the request that receivers get, changed to the digit, and sent as a test',
    async () => {
      const { posthorn } = stage;
      // Of its own, because in a project with a catalogue endpoints subscribe to no other types.
      const { id, key } = await posthorn.newProject();
      await putCatalogue(stage, key);
      const receiver = await stage.receiverThat(200);
      const body = { url: receiver.url, events: ['render.*'] };
      const endpoint = (await posthorn.client.call('POST', '/v1/endpoints', { key, body })).body as {
        id: string;
      };
      const page = await stage.open('/event-types', key, id);

      await page.getByRole('link', { name: 'render.completed' }).waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('job finished');
      await page.getByRole('link', { name: 'render.failed' }).waitFor({ state: 'detached' });
      await page.getByRole('link', { name: 'render.completed' }).press('Enter');
      await page.getByRole('row', { name: /render\s*required string The id of the job/ }).waitFor();
      const request = page.getByRole('region', { name: 'As a receiver gets it' });
      await request.getByTitle('the signature').filter({ hasText: /^v1,/ }).waitFor();
      await request.getByRole('region', { name: 'What is signed' }).getByTitle('body, signed').waitFor();

      await page.getByRole('button', { name: 'Edit' }).click();
      await keepPicture(page, 'dialog-edit-type');
      expect(await violationsOf(page)).toEqual([]);
      await page
        .getByRole('textbox', { name: 'Example', exact: true })
        .fill('{"render":"r_2","seconds":1.50}');
      await page.getByLabel('Attributes of the example').fill('region=eu=1');
      await page.getByRole('button', { name: 'Save' }).click();
      await request.getByText('"seconds":1.50').first().waitFor();
      await page.getByText('eu=1').waitFor();

      await page.getByRole('button', { name: 'Send as test' }).click();
      await page.getByLabel('Endpoint').selectOption(endpoint.id);
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByRole('button', { name: 'Send the test' }).click();
      await page.getByText(/It answered 200/).waitFor();
      expect(String(receiver.requests[0]?.body)).toContain('"seconds":1.50');
    },
    TEST_MS,
  );

  test(
    'the profile is read as sentences, and its preview shows the bytes of any event with what is signed',
    async () => {
      const { id, key } = await stage.posthorn.newProject();
      await putCatalogue(stage, key);
      const page = await stage.open('/profile', key, id);
      await page.getByText('HMAC-SHA256 over the id, the time and the body').first().waitFor();
      const request = page.getByRole('region', { name: 'The request' });
      await request.getByTitle('body, signed').filter({ hasText: '"render":"r_1"' }).waitFor();
      await page.getByRole('textbox', { name: 'Data' }).fill('{"n":12345678901234567890}');
      await request.getByTitle('body, signed').filter({ hasText: '12345678901234567890' }).waitFor();
      await page.getByRole('textbox', { name: 'Data' }).fill('{"n":');
      await request.getByText('Line 1, column 6: a value is missing.').waitFor();

      await page.getByRole('combobox', { name: 'Profile' }).selectOption('smartlyq');
      await page.getByRole('textbox', { name: 'Data' }).waitFor();
      await request.getByText('X-SmartlyQ-Signature').first().waitFor();
      expect(await request.getByTitle('id, signed').count()).toBe(0);
    },
    TEST_MS,
  );

  test(
    'a type is added, and a schema that is none is refused at its field',
    async () => {
      const { id, key } = await stage.posthorn.newProject();
      const page = await stage.open('/event-types', key, id);
      await page.getByRole('button', { name: 'New type' }).click();
      await page.getByLabel('Type', { exact: true }).fill('job.added');
      await page.getByLabel('Description').fill('A job');
      await page.getByLabel('Schema').fill('{"type":"nothing"}');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('alert').waitFor();
      await page.getByRole('textbox', { name: 'Schema', description: /must/ }).fill('{"type":"object"}');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('link', { name: 'job.added' }).click();
      await page.getByText('No example').waitFor();
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('button', { name: 'Delete the type' }).click();
      await page.getByRole('heading', { name: 'Event types' }).waitFor();
      await page.getByRole('link', { name: 'job.added' }).waitFor({ state: 'detached' });
    },
    TEST_MS,
  );
}
