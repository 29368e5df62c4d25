const NOT_TLS =
  /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE|UNKNOWN_PROTOCOL|HTTP_REQUEST)$/;
const TOO_OLD = /^ERR_SSL_(?:UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|TLSV1_ALERT_PROTOCOL_VERSION)$/;
const TOO_WEAK =
  /_(?:TOO_SMALL|TOO_WEAK)$|^ERR_SSL_(?:UNSAFE_LEGACY_RENEGOTIATION_DISABLED|LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED)$/;

/**
 * A TLS alert from the peer. OpenSSL prefixes it with the protocol version that introduced it; since 3.2 with
 * `SSL/TLS`.
 */
const ALERT = /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13|SSL_TLS)_(?:ALERT_)?([A-Z0-9_]+)$/;

/** A code for a TLS failure, such as `TLS_ALERT_UNKNOWN_CA`, that does not change with the version of OpenSSL. */
export function tlsCode(code: string): string {
  if (NOT_TLS.test(code)) return 'NO_TLS_AT_PORT';
  if (TOO_OLD.test(code)) return 'TLS_VERSION_TOO_OLD';
  if (TOO_WEAK.test(code)) return 'WEAK_TLS';
  const alert = ALERT.exec(code)?.[1];
  if (alert === 'NO_APPLICATION_PROTOCOL') return 'HTTP2_ONLY';
  return alert ? `TLS_ALERT_${alert}` : code;
}
