import { PROBLEM_CODES, type ProblemCode, statusesOf } from '../src/api/problems/problem-codes.ts';
import { FAILURE_MESSAGES } from '../src/egress/describe-failure.ts';

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
| \`tls_failed\` | no TLS connection that can be trusted was made: the certificate, the versions of TLS, or what is at the port |
| \`invalid_response\` | what came back is not an answer in HTTP/1.1 or 1.0, or came before the request had been sent |
| \`blocked\` | nothing was sent: deliveries may not go to the address, a header cannot be sent over HTTP, or no secret in force fits the profile of the event (after a change of both) |
| \`unknown\` | the process of Posthorn ended, or stood still for 30 s, before the outcome was recorded; the attempt is made again |
`;

const CODES = `
## Codes of failed attempts

An attempt that got no answer, or a redirect, has an \`error\` with a code and a sentence that says what to change. The
sentences may change, the codes stay. There are more codes, which are rare and have the sentence of their outcome: those
of Node.js, and of OpenSSL (\`ERR_SSL_\`, and \`TLS_ALERT_\` with the name of the alert of RFC 8446 that the receiver sent).

| outcome | code | sentence |
|---|---|---|
| \`rejected\` | \`REDIRECT_NOT_FOLLOWED\` | the receiver redirects to …: redirects are not followed, so register that URL if it is right. The target is named without its query. |
`;

const codeRows = (): string =>
  Object.entries(FAILURE_MESSAGES)
    .flatMap(([outcome, words]) =>
      Object.entries(words).map(([code, text]) => `| \`${outcome}\` | \`${code}\` | ${text} |\n`),
    )
    .join('');

/** docs/errors.md, from the one table of codes: a test holds the file against it. */
export function errorDocs(): string {
  const sections = Object.entries(PROBLEM_CODES).map(
    ([code, { title, help }]) =>
      `## \`${code}\` (${statusesOf(code as ProblemCode).join(', ')})\n\n${title}. ${help}\n`,
  );
  return HEAD + sections.join('\n') + OUTCOMES + CODES + codeRows();
}
