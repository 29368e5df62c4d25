import { z } from 'zod';
import { compileTemplate } from '../../profiles/body/template.ts';
import type { CompiledProfile } from '../../profiles/compile-profile.ts';
import {
  SIGNATURE_ALGORITHMS,
  SIGNATURE_ENCODINGS,
  SIGNED_CONTENTS,
  WHILE_ROTATING,
} from '../../signing/signature-scheme.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';

const signing = z
  .object({
    profile: z.string(),
    version: z.int().min(1),
    headers: z.record(z.string(), z.string()).meta({
      description: 'The headers that verification needs: templates with `$signature`, `$id` or `$sentAt`',
    }),
    signature: z.object({
      algorithm: z.enum(SIGNATURE_ALGORITHMS),
      content: z.enum(SIGNED_CONTENTS),
      encoding: z.enum(SIGNATURE_ENCODINGS),
      format: z.string().meta({ description: 'One signature in the header' }),
      whileRotating: z.enum(WHILE_ROTATING).meta({
        description: '`all`: one signature for each secret, separated by spaces. `newest`: only one',
      }),
    }),
    secret: z
      .object({
        key: z.enum(['utf8', 'base64AfterPrefix']).meta({ description: 'How the key is read from the text' }),
        prefix: z.string(),
        min: z.int(),
        max: z.int(),
        source: z.enum(['generated', 'either', 'provided']).meta({
          description: 'Who chooses the secret of an endpoint: Posthorn, either side, or the caller',
        }),
        returned: z.enum(['once', 'never']),
      })
      .meta({ description: 'The rules for secrets' }),
  })
  .meta({
    id: 'Signing',
    description:
      'What a receiver needs to verify requests, besides its secret. The SDKs take it as `profile`',
  });

/** `GET /v1/signing`. */
export const signingRoute = (): Route =>
  tenantRoute({
    method: 'get',
    path: '/v1/signing',
    operationId: 'getSigning',
    tag: 'Profiles',
    summary: 'Get how requests are signed',
    description:
      "The signature scheme of the project's profile, for events that are posted from now on, and the rules for secrets.",
    access: 'consumer',
    responses: { 200: { description: 'The signature scheme', schema: signing } },
    handle: getSigning,
  });

const USED_TO_VERIFY = ['signature', 'id', 'sentAt'];

async function getSigning({ tenant: { profile } }: TenantCall) {
  const { name, version, signature } = profile;
  const { key, prefix, min, max, source, returned } = profile.secret;
  const secret = { key, prefix, min, max, source, returned };
  return json(200, { profile: name, version, headers: headersToVerify(profile), signature, secret });
}

const headersToVerify = ({ headers }: CompiledProfile): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).filter(([, template]) => {
      const { variables } = compileTemplate(template);
      return USED_TO_VERIFY.some((variable) => variables.has(variable));
    }),
  );
