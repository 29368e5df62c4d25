import fc from 'fast-check';
import {
  accepts,
  type ReceivedRequest,
} from '../../../src/cli/try/reference-verifiers/reference-verifier.ts';
import { jsonObjectText, jsonText } from '../../providers/json-text.ts';
import {
  composeBody,
  composeRequest,
  getProvider,
  PROVIDERS,
  type Provider,
} from '../../providers/providers.ts';

const everyType = PROVIDERS.flatMap((provider) =>
  provider.profile.eventTypes.map((type) => ({ provider, type, title: `${provider.name} ${type.name}` })),
);

const PLAIN = '{"count":3,"ok":true}';
const BIG = '{"big":12345678901234567890,"more":1e400}';
const SAMPLES = [
  PLAIN,
  '{"title":"Zürich 📯 \u2028","名":"前"}',
  '{ "score" : 1.0 }',
  '{"text":"\\u00e9\\/\\n\\u0000\\ud83d"}',
  '{"":"","object":{},"array":[]}',
  '{"nothing":null,"list":[null]}',
];

// HMAC pads keys with zeros (RFC 2104), so a secret that ends in NUL equals the one without it.
const secret = fc
  .string({ unit: 'binary', minLength: 16, maxLength: 200 })
  .filter((text) => !text.includes('\0'));

/** Any data that the provider's body can hold. */
const dataFor = ({ name }: Provider) =>
  (name === 'pdf-gorilla' ? jsonObjectText : jsonText).filter(
    (data) => name !== 'canvelete' || isAccepted(data),
  );
const isAccepted = (data: string): boolean => {
  try {
    return composeBody(getProvider('canvelete'), { data }).length > 0;
  } catch {
    return false;
  }
};

function flipped(bytes: Buffer, place: number): Buffer {
  const copy = Buffer.from(bytes);
  const at = Math.floor(place / 8) % bytes.length;
  copy[at] = bytes[at]! ^ (1 << (place % 8));
  return copy;
}

/** The body that the re-serializing receiver verifies; null if the body is not JSON. */
function reserialized(body: Buffer): string | null {
  try {
    return JSON.stringify(JSON.parse(body.toString('utf8')));
  } catch {
    return null;
  }
}

test.each(everyType)(
  'the receiver on the page accepts $title with all kinds of data',
  ({ provider, type }) => {
    const all = [JSON.stringify(type.example), ...SAMPLES, ...(provider.name === 'canvelete' ? [] : [BIG])];
    for (const data of all) {
      const request = composeRequest(provider, { type: type.name, data }, 'a secret of the receiver, é');
      expect(accepts(provider.receiver, request, 'a secret of the receiver, é')).toBe(true);
    }
  },
);

test.each(PROVIDERS)('the receiver of $name accepts any data with its own secret only', (provider) => {
  fc.assert(
    fc.property(dataFor(provider), secret, secret, (data, own, other) => {
      fc.pre(own !== other);
      const request = composeRequest(provider, { data }, own);
      expect(accepts(provider.receiver, request, own)).toBe(true);
      expect(accepts(provider.receiver, request, other)).toBe(false);
    }),
  );
});

test.each(PROVIDERS.filter(({ name }) => name !== 'canvelete'))(
  'the receiver of $name refuses a body with one flipped bit',
  (provider) => {
    fc.assert(
      fc.property(dataFor(provider), secret, fc.nat(), (data, own, place) => {
        const request = composeRequest(provider, { data }, own);
        const altered = { ...request, body: flipped(request.body, place) };
        expect(accepts(provider.receiver, altered, own)).toBe(false);
      }),
    );
  },
);

test('the re-serializing receiver of canvelete accepts a flipped bit only if the parsed value is the same', () => {
  const provider = getProvider('canvelete');
  fc.assert(
    fc.property(dataFor(provider), secret, fc.nat(), (data, own, place) => {
      const request = composeRequest(provider, { data }, own);
      const body = flipped(request.body, place);
      expect(accepts(provider.receiver, { ...request, body }, own)).toBe(
        reserialized(body) === request.body.toString('utf8'),
      );
    }),
  );
});

test.each(PROVIDERS)(
  'the receiver of $name refuses a signature with one flipped bit, and a truncated or missing one',
  (provider) => {
    const request = composeRequest(provider, { data: PLAIN }, 'a secret of the receiver');
    const name = Object.keys(request.headers).find((header) => header.endsWith('-signature'))!;
    const signature = Buffer.from(request.headers[name]!, 'latin1');
    const withSignature = (value: string): ReceivedRequest => ({
      ...request,
      headers: { ...request.headers, [name]: value },
    });
    for (let place = 0; place < signature.length * 8; place++) {
      const altered = withSignature(flipped(signature, place).toString('latin1'));
      expect(accepts(provider.receiver, altered, 'a secret of the receiver')).toBe(false);
    }
    for (const cut of ['', signature.toString('latin1').slice(0, -1)]) {
      expect(accepts(provider.receiver, withSignature(cut), 'a secret of the receiver')).toBe(false);
    }
    const { [name]: _, ...unsigned } = request.headers;
    expect(accepts(provider.receiver, { ...request, headers: unsigned }, 'a secret of the receiver')).toBe(
      false,
    );
  },
);

const pairs = PROVIDERS.flatMap((sender) =>
  PROVIDERS.filter((owner) => owner !== sender).map((owner) => ({ sender, owner })),
);

test.each(pairs)(
  'the receiver of $owner.name refuses requests that $sender.name signs',
  ({ sender, owner }) => {
    const own = 'a secret that both have';
    expect(accepts(owner.receiver, composeRequest(sender, { data: PLAIN }, own), own)).toBe(false);
    const body = composeBody(owner, { data: PLAIN });
    expect(accepts(owner.receiver, composeRequest(sender, { data: PLAIN }, own, body), own)).toBe(false);
  },
);
