import type { Outcome } from '../policy/outcome.ts';

export type FailedOutcome = Extract<
  Outcome,
  'timeout' | 'connection_failed' | 'dns_failed' | 'tls_failed' | 'invalid_response' | 'blocked'
>;

/** The words for a code that is in no table: Node and OpenSSL have more of them than receivers cause. */
export const FALLBACK_MESSAGES: Record<Exclude<FailedOutcome, 'timeout'>, string> = {
  dns_failed: 'the name of the receiver could not be resolved: check the DNS records of its host',
  connection_failed:
    'the connection to the receiver failed: check that its server is up, and reachable from the internet',
  tls_failed:
    'no trusted TLS connection to the receiver could be made: check its certificate and TLS settings',
  invalid_response:
    'the answer of the receiver is not valid HTTP: check what listens at the port, and the proxies before it',
  blocked: 'the request was not sent: its URL or a header of it is not allowed',
};

const NO_CHAIN =
  'the certificate of the receiver leads to no authority that is known: let its server send the intermediate certificates, too (the full chain), and use a public certificate authority';
const REFUSED_CERTIFICATE =
  'the receiver refused the TLS connection over a client certificate: Posthorn has none, so let the receiver ask for none';
const WEAK =
  'the receiver uses keys or signatures in TLS that are too weak: renew its certificate with a key of 2,048 bits or more and SHA-256, and update its server';

/** What happened, and what to change: one sentence for each code, shown to tenants and in docs/errors.md. */
export const FAILURE_MESSAGES = {
  timeout: {
    DNS_TIMEOUT:
      'the name of the receiver was not resolved in time: check the name servers of its host, or give the policy a longer timeout',
    CONNECT_TIMEOUT:
      'the receiver did not accept the connection in time: check that its server is up, and that no firewall drops the packets',
    TLS_TIMEOUT:
      'the TLS handshake with the receiver did not end in time: check that the port serves TLS, and how busy the server is',
    ANSWER_TIMEOUT:
      'the receiver did not answer in time: let it answer first and work afterwards, or give the policy a longer timeout',
  },
  dns_failed: {
    ENOTFOUND: 'the host does not exist in DNS: correct the host of the URL, or create its DNS record',
    ENODATA: 'the host exists in DNS, but has no address: create an A or AAAA record for it',
    ESERVFAIL:
      'the name servers of the host failed (SERVFAIL): check the zone, its delegation and its DNSSEC signatures',
    EREFUSED: 'the name servers refused to answer for the host (REFUSED): check the delegation of its zone',
    ETIMEOUT: 'the name servers of the host did not answer: check that they are up and reachable',
    ECONNREFUSED: 'no name server could be asked: the operator of Posthorn must check its DNS settings',
    EBADNAME: 'the host of the URL is not a name that DNS can carry: correct it',
    EBADRESP: 'the name servers of the host answered with a broken message: check them',
    EFORMERR: 'the name servers of the host did not understand the question (FORMERR): check them',
    ENOTIMP: 'the name servers of the host do not answer such questions (NOTIMP): check them',
  },
  connection_failed: {
    ECONNREFUSED: 'nothing listens at the port of the URL: start the server there, or correct the port',
    ECONNRESET:
      'the receiver closed the connection before it answered: check its log, the proxies before it, and whether the port serves TLS (https://)',
    EPIPE:
      'the receiver closed the connection while the request was sent: check its limit for the size of a body',
    ETIMEDOUT:
      'the receiver did not answer on the network: check that its server is up, and that no firewall drops the packets',
    EHOSTUNREACH:
      'no route leads to the address of the receiver: check the DNS record and the network of its host',
    ENETUNREACH:
      'no route leads to the network of the receiver: check its DNS record; an address of the other IP version may be missing',
    EADDRNOTAVAIL: 'no connection to the address of the receiver can be made from here: check its DNS record',
    EACCES: 'a firewall on the side of Posthorn does not let the connection out: ask its operator',
    EPERM: 'a firewall on the side of Posthorn does not let the connection out: ask its operator',
  },
  tls_failed: {
    CERT_HAS_EXPIRED:
      'the certificate of the receiver has expired: renew it, and let the server load the new one',
    CERT_NOT_YET_VALID: 'the certificate of the receiver is not valid yet: use one whose first day has come',
    ERR_TLS_CERT_ALTNAME_INVALID:
      'the certificate of the receiver is for another host name than that of the URL: issue one for this name, or correct the host of the URL',
    HOSTNAME_MISMATCH:
      'the certificate of the receiver is for another host name than that of the URL: issue one for this name, or correct the host of the URL',
    DEPTH_ZERO_SELF_SIGNED_CERT:
      'the certificate of the receiver is signed by itself: use one of a public certificate authority',
    SELF_SIGNED_CERT_IN_CHAIN:
      'the certificate of the receiver is from a private authority: use one of a public certificate authority, or ask the operator of Posthorn to trust it',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: NO_CHAIN,
    UNABLE_TO_GET_ISSUER_CERT: NO_CHAIN,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NO_CHAIN,
    CERT_REVOKED: 'the certificate of the receiver was revoked: issue a new one',
    CERT_SIGNATURE_FAILURE:
      'a signature in the certificate chain of the receiver is wrong: issue the chain anew',
    INVALID_CA:
      'the chain of the receiver holds a certificate that may not sign others: send the chain of the issuer',
    INVALID_PURPOSE:
      'the certificate of the receiver is not made for servers: issue one for server authentication',
    WEAK_TLS: WEAK,
    UNSPECIFIED: WEAK,
    TLS_VERSION_TOO_OLD: 'the receiver speaks an old version of TLS alone: switch on TLS 1.2 or 1.3 there',
    NO_TLS_AT_PORT:
      'what listens at the port does not speak TLS: register the URL with http://, or the port that serves TLS',
    HTTP2_ONLY: 'the receiver speaks HTTP/2 alone: let it accept HTTP/1.1 at this port, too',
    ECONNRESET:
      'the receiver closed the connection in the TLS handshake: check that it serves TLS for this host at this port',
    TLS_ALERT_HANDSHAKE_FAILURE:
      'the receiver refused the TLS handshake: it asks for a client certificate, which Posthorn does not have, or shares no cipher suite with Node.js',
    TLS_ALERT_CERTIFICATE_REQUIRED: REFUSED_CERTIFICATE,
    TLS_ALERT_BAD_CERTIFICATE: REFUSED_CERTIFICATE,
    TLS_ALERT_UNSUPPORTED_CERTIFICATE: REFUSED_CERTIFICATE,
    TLS_ALERT_CERTIFICATE_REVOKED: REFUSED_CERTIFICATE,
    TLS_ALERT_CERTIFICATE_EXPIRED: REFUSED_CERTIFICATE,
    TLS_ALERT_CERTIFICATE_UNKNOWN: REFUSED_CERTIFICATE,
    TLS_ALERT_UNKNOWN_CA: REFUSED_CERTIFICATE,
    TLS_ALERT_ACCESS_DENIED: REFUSED_CERTIFICATE,
    TLS_ALERT_UNRECOGNIZED_NAME:
      'the receiver has no certificate for the host of the URL (SNI): set the host up there, or correct the URL',
    TLS_ALERT_INTERNAL_ERROR:
      'the receiver failed in the TLS handshake: check its log, and that it has a certificate for the host of the URL',
    TLS_ALERT_INSUFFICIENT_SECURITY:
      'the receiver asks for stronger cipher suites than are shared: allow those of TLS 1.2 or 1.3 there',
  },
  invalid_response: {
    INVALID_STATUS:
      'the answer of the receiver has a status that HTTP does not have: answer with one from 200 to 599',
    NOT_HTTP:
      'what came from the receiver is no HTTP answer: check what listens at the port, and the proxies before it',
    HEADERS_TOO_LARGE:
      'the receiver sent more than 256 KiB before its answer, or an interim answer with more than 64 KiB of headers: send fewer of them',
    ANSWER_BEFORE_REQUEST:
      'the receiver answered before the request had been sent to its end, so that the answer may belong to another request: answer each request once, and after it was read',
    TLS_AT_PORT: 'what listens at the port speaks TLS: register the URL with https://',
    HTTP2_ONLY: 'the receiver speaks HTTP/2 alone: let it accept HTTP/1.1 at this port, too',
  },
  blocked: {
    ADDRESS_NOT_ALLOWED: 'the address of the receiver is not allowed',
    OWN_ADDRESS: 'the address and port are those of a service of Posthorn itself',
    REQUEST_NOT_SENDABLE: 'a header of the request cannot be sent over HTTP',
    SECRET_NOT_FITTING: 'the profile of the event cannot sign with any secret in force',
  },
} as const satisfies Record<FailedOutcome, Record<string, string>>;
