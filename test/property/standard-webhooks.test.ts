import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { createShippedProfiles } from '../../src/profiles/shipped/registry.ts';

const profile = createShippedProfiles().get('standard-webhooks')!;

const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,128}$/);
const event = fc.record({
  id: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
  type: name,
  createdAt: fc.date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
  consumer: fc.option(name),
  attributes: fc.dictionary(name, fc.string({ unit: 'binary' })),
});
const secret = fc
  .uint8Array({ minLength: 24, maxLength: 64 })
  .map((key) => `whsec_${Buffer.from(key).toString('base64')}`);

test('the request of any event verifies in the public library with each of its secrets, and with no other', () => {
  fc.assert(
    fc.property(
      event,
      fc.json(),
      fc.uniqueArray(secret, { minLength: 2, maxLength: 4 }),
      (names, data, all) => {
        const [unknownSecret, ...secrets] = all as [string, ...string[]];
        const body = profile.composeBody({ ...names, data: Buffer.from(data) });
        if (!Buffer.isBuffer(body)) throw new Error(`refused: ${JSON.stringify(body)}`);
        const sentAt = Math.floor(Date.now() / 1000);
        const headers = profile.requestHeaders({ ...names, sentAt, body, secrets });

        for (const known of secrets) {
          expect(profile.secretProblem(known)).toBeUndefined();
          expect(new Webhook(known).verify(body, headers)).toEqual({
            type: names.type,
            timestamp: names.createdAt.toISOString(),
            data: JSON.parse(data),
          });
        }
        expect(() => new Webhook(unknownSecret).verify(body, headers)).toThrow('No matching signature');
      },
    ),
    { numRuns: 300 },
  );
});

test('a body with one flipped bit does not verify', () => {
  fc.assert(
    fc.property(event, secret, fc.nat(), (names, known, place) => {
      const body = profile.composeBody({ ...names, data: Buffer.from('{"text":"plain"}') }) as Buffer;
      const sentAt = Math.floor(Date.now() / 1000);
      const headers = profile.requestHeaders({ ...names, sentAt, body, secrets: [known] });
      const flipped = Buffer.from(body);
      // Flipping the lowest bit keeps the body ASCII. The library signs text, and would replace invalid UTF-8 first.
      const at = place % body.length;
      flipped[at] = body[at]! ^ 1;
      expect(() => new Webhook(known).verify(flipped, headers)).toThrow('No matching signature');
    }),
  );
});
