import type { Outcome } from '../policy/outcome.ts';

export type FailedOutcome = Extract<
  Outcome,
  | 'timeout'
  | 'connection_failed'
  | 'dns_failed'
  | 'tls_failed'
  | 'invalid_response'
  | 'token_failed'
  | 'blocked'
>;

/** Messages for codes that are not listed below: Node.js and OpenSSL have many more than receivers usually cause. */
export const FALLBACK_MESSAGES: Record<Exclude<FailedOutcome, 'timeout' | 'token_failed'>, string> = {
  dns_failed: 'the host name of the receiver could not be resolved: check the DNS records of the host',
  connection_failed:
    'the connection to the receiver failed: check that the server is running and reachable from the internet',
  tls_failed:
    'no trusted TLS connection to the receiver could be established: check its certificate and TLS settings',
  invalid_response:
    'the receiver did not send a valid HTTP response: check which server listens on the port, and any proxies in front of it',
  blocked: 'the request was not sent: its URL or one of its headers is not allowed',
};

const INCOMPLETE_CHAIN =
  "the receiver's certificate does not lead to a trusted certificate authority: configure the server to send the full chain, including intermediate certificates, and use a public certificate authority or set tls.authorities of the endpoint";
const CLIENT_CERTIFICATE_REFUSED =
  'the receiver did not accept the client certificate, or requires one: check the certificate in tls.clientCertificate of the endpoint, and what the receiver requires of it';
const WEAK_TLS =
  'the receiver uses TLS keys or signatures that are too weak: renew its certificate with an RSA key of at least 2,048 bits and SHA-256, and update the server';
const WRONG_HOST =
  "the receiver's certificate was issued for a different host name: issue one for the host of the URL, or correct the URL";
const BLOCKED_BY_FIREWALL =
  'a firewall on the Posthorn side blocks the connection: ask the operator of Posthorn';
const HTTP2_ONLY = 'the receiver supports only HTTP/2: enable HTTP/1.1 on this port';

/**
 * What happened, and what to change: one sentence for each code. Tenants read it in the attempt, and docs/errors.md
 * lists it.
 */
export const FAILURE_MESSAGES = {
  timeout: {
    DNS_TIMEOUT:
      'the host name of the receiver was not resolved in time: check the name servers of the host, or set a longer timeout in the policy',
    CONNECT_TIMEOUT:
      'the receiver did not accept the connection in time: check that the server is running and that no firewall drops the packets',
    TLS_TIMEOUT:
      'the TLS handshake with the receiver did not finish in time: check that the port serves TLS and that the server is not overloaded',
    RESPONSE_TIMEOUT:
      'the receiver did not respond in time: respond before doing the work, or set a longer timeout in the policy',
  },
  dns_failed: {
    ENOTFOUND: 'the host does not exist in DNS: correct the host of the URL, or create a DNS record for it',
    ENODATA: 'the host exists in DNS but has no address: create an A or AAAA record for it',
    ESERVFAIL:
      'the name servers of the host failed (SERVFAIL): check the zone, its delegation and its DNSSEC signatures',
    EREFUSED: 'the name servers of the host refused the query (REFUSED): check the delegation of the zone',
    ETIMEOUT: 'the name servers of the host did not respond: check that they are running and reachable',
    ECONNREFUSED: 'no name server could be queried: the operator of Posthorn must check its DNS settings',
    EBADNAME: 'the host of the URL is not a valid DNS name: correct it',
    EBADRESP: 'the name servers of the host sent an invalid response: check them',
    EFORMERR: 'the name servers of the host rejected the query as malformed (FORMERR): check them',
    ENOTIMP: 'the name servers of the host do not support address queries (NOTIMP): check them',
  },
  connection_failed: {
    ECONNREFUSED: 'nothing listens on the port of the URL: start the server, or correct the port',
    ECONNRESET:
      'the receiver closed the connection before it responded: check its log, any proxies in front of it, and whether the port serves TLS (https://)',
    EPIPE:
      'the receiver closed the connection while the request was being sent: check its maximum request body size',
    ETIMEDOUT:
      'the receiver did not respond on the network: check that the server is running and that no firewall drops the packets',
    EHOSTUNREACH:
      'no route leads to the address of the receiver: check the DNS record and the network of the host',
    ENETUNREACH:
      'no route leads to the network of the receiver: check the DNS record, which may lack an address of the other IP version (A or AAAA)',
    EADDRNOTAVAIL: 'the address of the receiver cannot be reached from Posthorn: check the DNS record',
    PROXY_DID_NOT_CONNECT:
      'the proxy of Posthorn could not connect to the receiver: check that the server is running and reachable from the internet',
    listener_offline:
      'no client is connected to the listener, so nothing was sent: connect one, for example with "posthorn listen"',
    EACCES: BLOCKED_BY_FIREWALL,
    EPERM: BLOCKED_BY_FIREWALL,
  },
  tls_failed: {
    CERT_HAS_EXPIRED: "the receiver's certificate has expired: renew it and reload the server",
    CERT_NOT_YET_VALID:
      "the receiver's certificate is not valid yet: use one whose validity period has started",
    ERR_TLS_CERT_ALTNAME_INVALID: WRONG_HOST,
    HOSTNAME_MISMATCH: WRONG_HOST,
    DEPTH_ZERO_SELF_SIGNED_CERT:
      "the receiver's certificate is self-signed: use one from a public certificate authority, or set it as tls.authorities of the endpoint",
    SELF_SIGNED_CERT_IN_CHAIN:
      "the receiver's certificate comes from a private certificate authority: use a public one, or set tls.authorities of the endpoint",
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: INCOMPLETE_CHAIN,
    UNABLE_TO_GET_ISSUER_CERT: INCOMPLETE_CHAIN,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: INCOMPLETE_CHAIN,
    CERT_REVOKED: "the receiver's certificate was revoked: issue a new one",
    CERT_SIGNATURE_FAILURE:
      "the receiver's certificate chain contains an invalid signature: issue the chain again",
    INVALID_CA:
      "the receiver's chain contains a certificate that must not sign others: install the chain that the issuer provides",
    INVALID_PURPOSE:
      "the receiver's certificate is not intended for servers: issue one for server authentication",
    WEAK_TLS,
    UNSPECIFIED: WEAK_TLS,
    TLS_VERSION_TOO_OLD: 'the receiver supports only an outdated version of TLS: enable TLS 1.2 or 1.3',
    NO_TLS_AT_PORT:
      'the server on the port of the URL does not use TLS: register the URL with http://, or use the port that serves TLS',
    HTTP2_ONLY,
    ECONNRESET:
      'the receiver closed the connection during the TLS handshake: check that it serves TLS for this host on this port',
    TLS_ALERT_HANDSHAKE_FAILURE:
      'the receiver rejected the TLS handshake: if it requires a client certificate, set tls.clientCertificate of the endpoint; otherwise enable a cipher suite that Node.js supports',
    TLS_ALERT_CERTIFICATE_REQUIRED:
      'the receiver requires a client certificate: set tls.clientCertificate of the endpoint, or turn off client authentication',
    TLS_ALERT_BAD_CERTIFICATE: CLIENT_CERTIFICATE_REFUSED,
    TLS_ALERT_UNSUPPORTED_CERTIFICATE:
      'the receiver does not accept the kind of the client certificate: use one for client authentication with a key that the receiver supports',
    TLS_ALERT_CERTIFICATE_REVOKED:
      'the receiver says that the client certificate was revoked: set a new one in tls.clientCertificate of the endpoint',
    TLS_ALERT_CERTIFICATE_EXPIRED:
      'the receiver says that the client certificate has expired: set a new one in tls.clientCertificate of the endpoint',
    TLS_ALERT_CERTIFICATE_UNKNOWN: CLIENT_CERTIFICATE_REFUSED,
    TLS_ALERT_UNKNOWN_CA:
      'the receiver does not trust the authority of the client certificate: add that authority at the receiver, or set a certificate in tls.clientCertificate of the endpoint that it trusts, with its intermediate certificates',
    TLS_ALERT_ACCESS_DENIED:
      'the receiver does not give access to the client certificate: allow it at the receiver, or set another one in tls.clientCertificate of the endpoint',
    TLS_ALERT_UNRECOGNIZED_NAME:
      'the receiver has no certificate for the host of the URL (SNI): configure the host on the server, or correct the URL',
    TLS_ALERT_INTERNAL_ERROR:
      'the receiver failed during the TLS handshake: check its log, and that it has a certificate for the host of the URL',
    TLS_ALERT_INSUFFICIENT_SECURITY:
      'the receiver requires stronger cipher suites than the two sides share: enable those of TLS 1.2 or 1.3',
  },
  invalid_response: {
    INVALID_STATUS:
      'the receiver responded with a status code that does not exist in HTTP: use one from 200 to 599',
    NOT_HTTP:
      'the receiver sent data that is not an HTTP response: check which server listens on the port, and any proxies in front of it',
    HEADERS_TOO_LARGE:
      'the receiver sent more than 256 KiB before its response, or an interim response with more than 64 KiB of headers: send less',
    RESPONSE_BEFORE_REQUEST:
      'the receiver responded before the whole request was sent, so the response may belong to another request: read each request to its end and respond to it once',
    TLS_AT_PORT: 'the server on the port of the URL uses TLS: register the URL with https://',
    HTTP2_ONLY,
  },
  token_failed: {
    TOKEN_REFUSED:
      'the token server did not grant an access token: check clientId, clientSecret, scopes and audience in oauth of the endpoint, and what the token server allows the client',
    TOKEN_RESPONSE_INVALID:
      'the token server did not send an access token as OAuth 2 describes it: check that oauth.tokenUrl of the endpoint is the URL of its token endpoint',
    TOKEN_REDIRECTED:
      'the token server redirects, and redirects are not followed: set oauth.tokenUrl of the endpoint to the URL that grants tokens',
    TOKEN_SERVER_TIMEOUT:
      'the token server did not respond within the time of the attempt: check that it is running, or set a longer timeout in the policy',
    TOKEN_SERVER_TLS_FAILED:
      'no trusted TLS connection to the token server could be established: check its certificate and TLS settings',
    TOKEN_SERVER_UNREACHABLE:
      'the token server could not be reached: check oauth.tokenUrl of the endpoint, and that the server is running and reachable from the internet',
    TOKEN_SERVER_NOT_ALLOWED:
      'the address or the port of the token server is not allowed: set oauth.tokenUrl of the endpoint to one on the public internet',
    TOKEN_EXPIRES_TOO_SOON:
      'the token server took longer than a second, and its access token is valid for so short a time that it could not be used: let it respond sooner, or let tokens be valid for longer',
    TOKEN_NOT_REQUESTED:
      'the token server could not be asked, perhaps because of the network of the sender: the next attempt asks it again',
  },
  blocked: {
    ADDRESS_NOT_ALLOWED: 'the address of the receiver is not allowed',
    PROXY_DENIED:
      'the proxy of Posthorn does not allow requests to the receiver: ask the operator of Posthorn',
    PORT_NOT_ALLOWED: 'the operator does not allow the port of the receiver',
    OWN_ADDRESS: 'the address and port belong to a Posthorn service',
    REQUEST_NOT_SENDABLE: 'a header of the request cannot be sent over HTTP',
    SECRET_NOT_FITTING: 'the profile of the event cannot sign with any active secret',
  },
} as const satisfies Record<FailedOutcome, Record<string, string>>;
