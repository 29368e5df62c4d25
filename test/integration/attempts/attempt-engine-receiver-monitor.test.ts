import { startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { secretBox, seedStore } from '../../store/seed.ts';
import { deadlineIn, startTestEngine } from './attempt-engine-set-up.ts';

test('a receiver that never responds is reported as slow once, long before its timeout', async () => {
  const store = await seedStore();
  const silent = await startReceiver([() => {}]);
  const engine = startTestEngine(store.pool, secretBox);
  await store.newEndpoint({ url: silent.url });
  const { ids } = await store.acceptEvent('mine');
  await store.acceptEvent('mine');

  const began = performance.now();
  const running = engine.run(
    ids.map((id) => ({ id, step: 0 })),
    'mine',
    deadlineIn(20_000),
  );
  await silent.untilReceived(1);
  const received = performance.now();
  await eventually(() => engine.receiverReports.length > 0);

  expect(performance.now() - received).toBeLessThan(5_000); // the attempt times out after 15 s
  expect(performance.now() - began).toBeGreaterThan(1_000);
  silent.dropConnections();
  await running;
  expect(engine.receiverReports).toHaveLength(1);
  await engine.close();
  await silent.close();
  await store.drop();
});
