import {
  cliCommand,
  curlCommand,
  listIn,
} from '../../../../dashboard/src/operator/stream/follow-commands.ts';
import { KEPT, StreamBuffer } from '../../../../dashboard/src/operator/stream/stream-buffer.ts';
import type { Outcome } from '../../../../sdk/typescript/src/outcome-stream.ts';

describe('the stream', () => {
  const outcome = (id: number): Outcome => ({ id: String(id) }) as Outcome;

  test('keeps the newest 1,000, the newest first, and counts them all', () => {
    const buffer = new StreamBuffer();
    for (let id = 0; id < 5_500; id++) buffer.add(outcome(id), 0);
    const kept = buffer.newest();
    expect([kept.length, kept[0]!.id, kept.at(-1)!.id]).toEqual([KEPT, '5499', '4500']);
    expect(buffer.total).toBe(5_500);
  });

  test('tells the rate of the last 10 seconds', () => {
    const buffer = new StreamBuffer();
    for (let second = 0; second < 20; second++) buffer.add(outcome(second), second * 1_000);
    expect(buffer.rate(19_000)).toBe(1);
    expect(buffer.rate(60_000)).toBe(0);
  });

  test('is followed elsewhere with the same filter', () => {
    const filter = {
      kind: ['delivery.delivered', 'attempt.failed'],
      endpoint: listIn(' ep_1, ep_2,'),
      consumer: [],
    };
    expect(curlCommand('https://p.example', filter)).toContain(
      `'https://p.example/v1/outcomes?kind=delivery.delivered%2Cattempt.failed&endpoint=ep_1%2Cep_2'`,
    );
    expect(cliCommand('https://p.example', filter)).toBe(
      `npx posthorn events tail --url 'https://p.example' --status delivered,retrying --endpoint 'ep_1,ep_2'`,
    );
  });
});
