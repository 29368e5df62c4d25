import { api, type Json, keys, post, refusal, refusedSecret, SECRET, url } from './endpoint-rules-set-up.ts';

describe('the target of an event', () => {
  const job = { type: 'job.canceled', data: { status: 'canceled', error: null } };
  const target = { url, secret: SECRET };
  const send = (sentTo: Json) => post('pdf-gorilla', '/v1/events', { ...job, target: sentTo });

  test('is accepted with a URL and a secret under every profile', async () => {
    expect(await send(target)).toMatchObject({ status: 202, body: { deliveryCount: 1 } });
    const withCanvelete = await post('canvelete', '/v1/events', { type: 'a', data: {}, target });
    expect(withCanvelete.status).toBe(202);
  });

  test('is returned in normalized form without its secret', async () => {
    const asked = { url: 'https://HOOKS.example.com:443/a/../b?', secret: SECRET };
    const shown = { target: { url: 'https://hooks.example.com/b?' } };
    const key = keys.get('pdf-gorilla')!;
    const made = await send(asked);
    const batch = await post('pdf-gorilla', '/v1/events/batch', { events: [{ ...job, target: asked }] });
    const read = await api.call('GET', `/v1/events/${made.body.id}`, { key });
    const list = await api.call('GET', '/v1/events?limit=1', { key });
    expect([made.body, read.body]).toEqual([expect.objectContaining(shown), expect.objectContaining(shown)]);
    expect([batch.body.items, (list.body as Json).items]).toEqual([
      [expect.objectContaining(shown)],
      [expect.objectContaining(shown)],
    ]);
    for (const { body } of [made, batch, read, list]) expect(JSON.stringify(body)).not.toContain(SECRET);
  });

  test.each([
    [{ url }, 'is required with the URL'],
    [{ url, secret: '' }, 'is shorter than 1 character'],
    [{ url, secret: 'x'.repeat(513) }, 'is longer than 512 characters'],
  ])('without a valid secret is refused', async (sentTo, detail) => {
    expect(refusal(await send(sentTo))).toEqual(refusedSecret(detail, '/target/secret'));
    const batch = {
      events: [
        { ...job, target },
        { ...job, target: sentTo },
      ],
    };
    expect(refusal(await post('pdf-gorilla', '/v1/events/batch', batch))).toEqual(
      refusedSecret(detail, '/events/1/target/secret'),
    );
  });

  test.each([
    ['http://hooks.example.com/', 'must begin with https://'],
    ['http://localhost/', 'must begin with https://'],
    ['ftp://hooks.example.com/', 'must begin with https:// or http://'],
    ['https://localhost/', 'has a host that is not on the public internet'],
    ['https://a.localhost./', 'has a host that is not on the public internet'],
    ['https://printer.local/', 'has a host that is not on the public internet'],
    ['https://db.internal/', 'has a host that is not on the public internet'],
    ['https://intranet/', 'has a host that is not on the public internet'],
    ['https://127.0.0.1/', 'has an address that is not public'],
    ['https://127.1/', 'has an address that is not public'],
    ['https://2130706433/', 'has an address that is not public'],
    ['https://0x7f.1/', 'has an address that is not public'],
    ['https://10.1.2.3/', 'has an address that is not public'],
    ['https://172.16.0.1/', 'has an address that is not public'],
    ['https://192.168.0.1/', 'has an address that is not public'],
    ['https://100.64.0.1/', 'has an address that is not public'],
    ['https://169.254.169.254/latest', 'has an address that is not public'],
    ['https://0.0.0.0/', 'has an address that is not public'],
    ['https://[::]/', 'has an address that is not public'],
    ['https://[::1]/', 'has an address that is not public'],
    ['https://[fe80::1]/', 'has an address that is not public'],
    ['https://[fd00::1]/', 'has an address that is not public'],
    ['https://[::ffff:127.0.0.1]/', 'has an address that is not public'],
    ['https://[::ffff:a00:1]/', 'has an address that is not public'],
    ['https://[64:ff9b::7f00:1]/', 'has an address that is not public'],
    ['https://[2002:7f00:1::]/', 'has an address that is not public'],
    ['https://[fe80::1%25eth0]/', 'has an invalid IPv6 address: write it in brackets and without a zone'],
    ['https://user:secret@hooks.example.com/', 'must not contain a user name or a password'],
    ['https://hooks.example.com\\@10.0.0.1/', 'contains a space, a control character or a backslash'],
  ])('cannot be %s', async (bad, detail) => {
    expect(refusal(await send({ url: bad, secret: SECRET }))).toEqual({
      status: 422,
      code: 'invalid_url',
      pointer: '/target/url',
      detail: `the URL ${detail}`,
    });
  });
});
