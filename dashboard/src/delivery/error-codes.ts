import type { Attempt } from '../../../sdk/typescript/src/models.ts';

const CLIENT_CERTIFICATE_REFUSED = 'refused the client certificate';
const INCOMPLETE_CHAIN = 'certificate chain is incomplete';
const WEAK_TLS = 'TLS keys or signatures are too weak';
const HTTP2_ONLY = 'speaks only HTTP/2';

/** In a few words that follow a URL. A code that is not here tells no more than its outcome. */
const CAUSES: Partial<Record<Attempt['outcome'], Record<string, string>>> = {
  timeout: {
    DNS_TIMEOUT: 'name was not found in time',
    CONNECT_TIMEOUT: 'did not accept the connection in time',
    TLS_TIMEOUT: 'did not finish the TLS handshake in time',
  },
  dns_failed: {
    ENODATA: 'name has no address',
    ESERVFAIL: 'name servers failed',
    EREFUSED: 'name servers refused the query',
    ETIMEOUT: 'name servers did not answer',
    ECONNREFUSED: 'no name server could be asked',
    EBADNAME: 'name is not valid',
    EBADRESP: 'name servers gave an invalid answer',
    EFORMERR: 'name servers did not understand the query',
    ENOTIMP: 'name servers know no addresses',
  },
  connection_failed: {
    ECONNREFUSED: 'connection refused',
    ECONNRESET: 'connection reset',
    EPIPE: 'connection closed while the request was sent',
    ETIMEDOUT: 'connection timed out',
    EHOSTUNREACH: 'host unreachable',
    ENETUNREACH: 'network unreachable',
    EADDRNOTAVAIL: 'address unreachable from Posthorn',
    EACCES: 'connection blocked by a firewall of Posthorn',
    EPERM: 'connection blocked by a firewall of Posthorn',
    PROXY_DID_NOT_CONNECT: 'could not be reached through the proxy',
    listener_offline: 'has no client connected',
  },
  tls_failed: {
    CERT_HAS_EXPIRED: 'certificate expired',
    CERT_NOT_YET_VALID: 'certificate is not valid yet',
    CERT_REVOKED: 'certificate was revoked',
    CERT_SIGNATURE_FAILURE: 'certificate chain has an invalid signature',
    INVALID_CA: 'certificate chain is not allowed to sign',
    INVALID_PURPOSE: 'certificate is not for servers',
    DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate is self-signed',
    SELF_SIGNED_CERT_IN_CHAIN: 'certificate is from a private authority',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: INCOMPLETE_CHAIN,
    UNABLE_TO_GET_ISSUER_CERT: INCOMPLETE_CHAIN,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: INCOMPLETE_CHAIN,
    ERR_TLS_CERT_ALTNAME_INVALID: 'certificate is for another name',
    HOSTNAME_MISMATCH: 'certificate is for another name',
    WEAK_TLS,
    UNSPECIFIED: WEAK_TLS,
    TLS_VERSION_TOO_OLD: 'TLS version is too old',
    NO_TLS_AT_PORT: 'does not speak TLS at this port',
    HTTP2_ONLY,
    ECONNRESET: 'closed the connection in the TLS handshake',
    TLS_ALERT_HANDSHAKE_FAILURE: 'refused the TLS handshake',
    TLS_ALERT_CERTIFICATE_REQUIRED: 'requires a client certificate',
    TLS_ALERT_BAD_CERTIFICATE: CLIENT_CERTIFICATE_REFUSED,
    TLS_ALERT_UNSUPPORTED_CERTIFICATE: CLIENT_CERTIFICATE_REFUSED,
    TLS_ALERT_CERTIFICATE_REVOKED: CLIENT_CERTIFICATE_REFUSED,
    TLS_ALERT_CERTIFICATE_EXPIRED: CLIENT_CERTIFICATE_REFUSED,
    TLS_ALERT_CERTIFICATE_UNKNOWN: CLIENT_CERTIFICATE_REFUSED,
    TLS_ALERT_UNKNOWN_CA: CLIENT_CERTIFICATE_REFUSED,
    TLS_ALERT_ACCESS_DENIED: CLIENT_CERTIFICATE_REFUSED,
    TLS_ALERT_UNRECOGNIZED_NAME: 'has no certificate for this name',
    TLS_ALERT_INTERNAL_ERROR: 'failed in the TLS handshake',
    TLS_ALERT_INSUFFICIENT_SECURITY: 'wants stronger ciphers',
  },
  invalid_response: {
    INVALID_STATUS: 'answered with an impossible status',
    HEADERS_TOO_LARGE: 'answered with headers that are too large',
    RESPONSE_BEFORE_REQUEST: 'answered before it had the whole request',
    TLS_AT_PORT: 'speaks TLS at this port',
    HTTP2_ONLY,
  },
  token_failed: {
    TOKEN_REFUSED: 'token server refused the client',
    TOKEN_RESPONSE_INVALID: 'token server sent no token',
    TOKEN_REDIRECTED: 'token server redirects',
    TOKEN_SERVER_TIMEOUT: 'token server did not answer in time',
    TOKEN_SERVER_TLS_FAILED: 'token server has no trusted TLS',
    TOKEN_SERVER_UNREACHABLE: 'token server could not be reached',
    TOKEN_SERVER_NOT_ALLOWED: 'token server address is not allowed',
    TOKEN_EXPIRES_TOO_SOON: 'token expires too soon',
    TOKEN_NOT_REQUESTED: 'token server could not be asked',
  },
  blocked: {
    OWN_ADDRESS: 'address is of Posthorn itself',
    PORT_NOT_ALLOWED: 'port is not allowed',
    PROXY_DENIED: 'proxy does not allow the target',
    REQUEST_NOT_SENDABLE: 'a header of the request cannot be sent',
    SECRET_NOT_FITTING: 'no secret fits the profile',
  },
};

/** What a code tells beyond its outcome; undefined if nothing. */
export const causeOfCode = (
  outcome: Attempt['outcome'],
  code: string | null | undefined,
): string | undefined => (code == null ? undefined : CAUSES[outcome]?.[code]);
