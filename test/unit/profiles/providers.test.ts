import { composeBody, composeRequest, getProvider } from '../../providers/providers.ts';

const example = (provider: string, type: string) =>
  getProvider(provider).profile.eventTypes.find(({ name }) => name === type)!;

const exampleRequest = (provider: string, type: string, fields: { id?: string; createdAt: string }) =>
  composeRequest(
    getProvider(provider),
    {
      ...fields,
      type,
      createdAt: new Date(fields.createdAt),
      data: JSON.stringify(example(provider, type).example),
    },
    'a-secret-of-the-receiver',
  );

/** The names and values of the members, in order. */
const membersOf = (body: Buffer) => Object.entries(JSON.parse(body.toString('utf8')));

test('CmdCal sends event, timestamp and data, with a bare hex signature', () => {
  const { headers, body } = exampleRequest('cmdcal', 'render.completed', {
    createdAt: '2026-03-26T14:30:00Z',
  });
  expect(membersOf(body)).toEqual([
    ['event', 'render.completed'],
    ['timestamp', '2026-03-26T14:30:00Z'],
    [
      'data',
      {
        job_id: 'job_abc123',
        job_url: '/api/v2/jobs/job_abc123',
        status: 'succeeded',
        document_title: 'Q1 Board Deck',
        slide_count: 8,
        deck_score: 92,
        approval_status: 'needs_review',
        download_url: expect.any(String),
        brand_pack_id: 'bp_xyz789',
      },
    ],
  ]);
  expect(headers).toEqual({
    'content-type': 'application/json',
    'x-cmdcal-signature': expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test('Canvelete sends the id and the type of the event first, with a prefixed signature', () => {
  const { headers, body } = exampleRequest('canvelete', 'render.completed', {
    id: 'evt_abc123',
    createdAt: '2024-01-15T10:30:00Z',
  });
  expect(membersOf(body)).toEqual([
    ['eventId', 'evt_abc123'],
    ['eventType', 'render.completed'],
    ['timestamp', '2024-01-15T10:30:00Z'],
    [
      'data',
      {
        renderId: 'render_xyz789',
        designId: 'design_abc123',
        status: 'completed',
        downloadUrl: 'https://cdn.canvelete.com/renders/xyz789.png',
        metadata: { format: 'png', width: 1080, height: 1080, fileSize: 245760, renderTime: 1.2 },
      },
    ],
  ]);
  expect(headers).toEqual({
    'content-type': 'application/json',
    'x-canvelete-signature': expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
  });
});

test('Canvelete re-serializes data, so that both of its receivers compute the same bytes', () => {
  const body = composeBody(getProvider('canvelete'), { data: '{"b": 1.0, "10": "\\u00e9\\/"}' });
  expect(String(body)).toContain('"data":{"10":"é/","b":1}}');
});

test('PDF Gorilla sends a flat body with milliseconds, and the id of the job in body and header', () => {
  const job = { id: 'cma1b2c3d4e5f6g7h8i9j0k', createdAt: '2026-04-06T10:01:23.456Z' };
  const { headers, body } = exampleRequest('pdf-gorilla', 'job.completed', job);
  expect(membersOf(body)).toEqual([
    ['jobId', 'cma1b2c3d4e5f6g7h8i9j0k'],
    ['status', 'completed'],
    ['downloadUrl', expect.any(String)],
    ['expiresAt', '2026-04-13T10:00:00.000Z'],
    ['error', null],
    ['timestamp', '2026-04-06T10:01:23.456Z'],
  ]);
  expect(headers).toEqual({
    'content-type': 'application/json',
    'x-pdfg-event-id': 'cma1b2c3d4e5f6g7h8i9j0k',
    'x-pdfg-signature': expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(membersOf(exampleRequest('pdf-gorilla', 'job.failed', job).body)).toEqual([
    ['jobId', 'cma1b2c3d4e5f6g7h8i9j0k'],
    ['status', 'failed'],
    ['error', { code: 'RENDER_TIMEOUT', message: 'PDF rendering timed out.' }],
    ['timestamp', '2026-04-06T10:01:23.456Z'],
  ]);
});

test.each(['{"jobId":"another"}', '{"timestamp":"never"}', '[]', 'null'])(
  'PDF Gorilla refuses the data %s, because its members cannot become members of the body',
  (data) => {
    expect(() => composeBody(getProvider('pdf-gorilla'), { data })).toThrow('"pointer":"/data');
  },
);

test('PausePoint sends the pause and the developer, and the event in a header', () => {
  const { headers, body } = exampleRequest('pausepoint', 'pause.responded', {
    createdAt: '2026-05-08T14:23:00Z',
  });
  expect(membersOf(body)).toEqual([
    ['event', 'pause.responded'],
    ['pause_id', 'psr_uuid'],
    ['developer_id', 'dev_uuid'],
    ['timestamp', '2026-05-08T14:23:00Z'],
    [
      'data',
      {
        choice: 'Approve',
        text: null,
        response_at: '2026-05-08T14:23:00Z',
        metadata: { amount: 340, recipient_name: 'Acme Corp' },
      },
    ],
  ]);
  expect(headers).toEqual({
    'content-type': 'application/json',
    'x-pausepoint-signature': expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
    'x-pausepoint-event': 'pause.responded',
  });
});

test('PausePoint refuses an event without a developer or a pause, with a pointer to each', () => {
  const { profile } = getProvider('pausepoint');
  const event = {
    id: 'evt_1',
    type: 'pause.responded',
    createdAt: new Date(),
    consumer: null,
    attributes: {},
  };
  expect(profile.composeBody({ ...event, data: Buffer.from('{}') })).toMatchObject({
    errors: [{ pointer: '/consumer' }, { pointer: '/attributes/pause_id' }],
  });
});

test('SmartlyQ signs the time of the attempt, and sends the event in a header', () => {
  const { headers, body } = exampleRequest('smartlyq', 'job.completed', {
    createdAt: '2026-03-02T14:30:00Z',
  });
  expect(membersOf(body)).toEqual([
    ['event', 'job.completed'],
    ['timestamp', '2026-03-02T14:30:00Z'],
    [
      'data',
      {
        job_id: 'job_abc123',
        type: 'article_generation',
        status: 'completed',
        result: expect.any(Object),
      },
    ],
  ]);
  expect(headers).toEqual({
    'content-type': 'application/json',
    'x-smartlyq-signature': expect.stringMatching(/^t=1775469684,v1=[0-9a-f]{64}$/),
    'x-smartlyq-event': 'job.completed',
  });
});
