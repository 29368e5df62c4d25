import { PROBLEM_CODES } from '../src/api/problem-codes.ts';

const HEAD = `# Errors

Every error of the API is a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) of the type
\`application/problem+json\`:

\`\`\`json
{
  "type": "https://posthorn.example/docs#error-invalid_body",
  "title": "The body has not the right shape",
  "status": 422,
  "detail": "See \`errors\`: each has a JSON pointer into the body. Unknown and repeated members are refused.",
  "code": "invalid_body",
  "instance": "req_01m7xzy868keah9x980147nz22",
  "errors": [{ "pointer": "/data", "detail": "is required" }]
}
\`\`\`

Decide by \`code\`; the texts may change. \`instance\` is the request's id, also in the header \`x-request-id\` and in the
log. \`errors\` points into the body (JSON Pointer, RFC 6901) where there is something to point at.

What a *receiver* does wrong is no error of the API: it is the \`outcome\` of an attempt, see the end of this page.

`;

const OUTCOMES = `
## Outcomes of attempts

| outcome | what happened |
|---|---|
| \`delivered\` | the receiver answered 2xx |
| \`rejected\` | it answered something else; redirects too, since none is followed |
| \`timeout\` | DNS, connecting, TLS, headers and body together took longer than the policy's timeout |
| \`connection_failed\` | no connection, or it broke before the answer |
| \`dns_failed\` | the name has no address, or no name server answered |
| \`tls_failed\` | the certificate is not trusted, expired, or of another host |
| \`invalid_response\` | what came back is not HTTP, or has more than 16 KiB of headers |
| \`blocked\` | nothing was sent: the address is not one that deliveries may go to, or the profile of the event cannot sign with any secret in force (a change of the profile, then of the secret) |
| \`unknown\` | Posthorn was ended before it knew; the attempt is made again |
`;

/** docs/errors.md, from the one table of codes: a test holds the file against it. */
export function errorDocs(): string {
  const sections = Object.entries(PROBLEM_CODES).map(
    ([code, { status, title, help }]) => `## \`${code}\` (${status})\n\n${title}. ${help}\n`,
  );
  return HEAD + sections.join('\n') + OUTCOMES;
}
