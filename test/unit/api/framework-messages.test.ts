import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { frameworkMessages } from '../../../src/api/http/framework-messages.ts';

test('Express finds its prototypes on a request and its response, and both behave as before', async () => {
  const app = express();
  app.get('/prototypes', (request, response) => {
    const after = [Object.getPrototypeOf(request), Object.getPrototypeOf(response)];
    response.json({
      areUnchanged: after.every((prototype, i) => prototype === before[i]),
      query: request.query,
    });
  });
  const server = createServer(frameworkMessages(app));
  let before: object[] = [];
  server.on('request', (request, response) => {
    before = [Object.getPrototypeOf(request), Object.getPrototypeOf(response)];
  });
  server.on('request', app);
  await once(server.listen(0, '127.0.0.1'), 'listening');

  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/prototypes?a=1`);

  expect(await response.json()).toEqual({ areUnchanged: true, query: { a: '1' } });
  server.close();
});

test('a listener without Express gets the messages of Node', () => {
  expect(frameworkMessages(() => {})).toEqual({});
});
