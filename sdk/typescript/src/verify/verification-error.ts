/** The reasons for refusing a request, by code. */
const VERIFICATION_MESSAGES = {
  missing_signature:
    'The signature is missing: the request is not from the provider, or a proxy removed the header.',
  missing_id: 'The event id is missing, which this profile signs.',
  missing_timestamp: 'The timestamp is missing, which this profile signs.',
  malformed_signature: 'The signature does not have the format of this profile.',
  malformed_id: 'The event id contains characters that are not allowed in ids.',
  malformed_timestamp: 'The timestamp is not a number of whole seconds.',
  wrong_signature: 'The signature does not match the payload and the secret.',
  timestamp_too_old: 'The signature is valid, but older than the tolerance.',
  timestamp_in_future: 'The signature is valid, but its time is in the future: check the clock.',
} as const;

export type VerificationCode = keyof typeof VERIFICATION_MESSAGES;

/** The request must not be trusted; `code` is the reason. */
export class WebhookVerificationError extends Error {
  readonly code: VerificationCode;

  constructor(code: VerificationCode) {
    super(VERIFICATION_MESSAGES[code]);
    this.name = 'WebhookVerificationError';
    this.code = code;
  }
}
