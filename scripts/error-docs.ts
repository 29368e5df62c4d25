import { PROBLEM_CODES, type ProblemCode, statusesOf } from '../src/api/problems/problem-codes.ts';
import { FAILURE_MESSAGES } from '../src/egress/describe-failure.ts';

const HEAD = `# Errors

Every error response of the API is a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with the
content type \`application/problem+json\`:

\`\`\`json
{
  "type": "https://posthorn.example/docs#error-invalid_body",
  "title": "Invalid request body",
  "status": 422,
  "detail": "Each entry in \`errors\` has a JSON pointer into the body. Unknown and repeated members are rejected.",
  "code": "invalid_body",
  "instance": "req_01m7xzy868keah9x980147nz22",
  "errors": [{ "pointer": "/data", "detail": "is required" }]
}
\`\`\`

Write code against \`code\`; titles and details may change. \`instance\` is the id of the request, which is also in the
response header \`x-request-id\` and in the log. \`errors\` points into the body (JSON Pointer, RFC 6901) when the error
concerns a part of it.

A failure of a *receiver* is not an error of the API. It is the \`outcome\` of an attempt; see the end of this page.

`;

const OUTCOMES = `
## Outcomes of attempts

| outcome | meaning |
|---|---|
| \`delivered\` | the receiver responded with a 2xx status |
| \`rejected\` | the receiver responded with any other status; this includes redirects, which Posthorn does not follow |
| \`timeout\` | DNS, connect, TLS, headers and body together took longer than the timeout of the policy |
| \`connection_failed\` | no connection could be opened, or it broke before the response |
| \`dns_failed\` | the name has no address, or no name server responded |
| \`tls_failed\` | no trusted TLS connection could be established: because of the certificate, the TLS version, or the server on the port |
| \`invalid_response\` | what came back is not an HTTP/1.1 or HTTP/1.0 response, or came before the whole request was sent |
| \`token_failed\` | nothing was sent: no [access token](endpoints.md#oauth-2-client-credentials) could be obtained for the endpoint |
| \`blocked\` | nothing was sent: the address is not allowed, a header cannot be sent over HTTP, or the profile of the event cannot sign with any active secret |
| \`unknown\` | the Posthorn process ended, or stalled for 30 s, before it recorded the outcome; the attempt is repeated |
`;

const CODES = `
## Codes of failed attempts

An attempt that got no response, or a redirect, has an \`error\` with a code and a message that says what to change. The
messages may change; the codes do not. Node.js and OpenSSL have more codes, which are rare and have the general message
of their outcome. Codes of OpenSSL begin with \`ERR_SSL_\`; \`TLS_ALERT_\` is followed by the name of the TLS alert
(RFC 8446) that the receiver sent. After the message of a
\`token_failed\` attempt, the status and the error of the token server follow in parentheses, or the code of the reason.

| outcome | code | message |
|---|---|---|
| \`rejected\` | \`REDIRECT_NOT_FOLLOWED\` | the receiver redirects to …: Posthorn does not follow redirects, so register that URL if it is correct. The target is named without its query. |
`;

const codeRows = (): string =>
  Object.entries(FAILURE_MESSAGES)
    .flatMap(([outcome, messages]) =>
      Object.entries(messages).map(([code, text]) => `| \`${outcome}\` | \`${code}\` | ${text} |\n`),
    )
    .join('');

/** The text of docs/errors.md; a test compares the file with it. */
export function errorDocs(): string {
  const sections = Object.entries(PROBLEM_CODES).map(
    ([code, { title, help }]) =>
      `## \`${code}\` (${statusesOf(code as ProblemCode).join(', ')})\n\n${title}. ${help}\n`,
  );
  return HEAD + sections.join('\n') + OUTCOMES + CODES + codeRows();
}
