/** What can be wrong with a request, and what it means. */
export const VERIFICATION_MESSAGES = {
  missing_signature: 'There is no signature: the request is not from the provider, or its header got lost.',
  missing_id: 'There is no id, which this profile signs.',
  missing_timestamp: 'There is no timestamp, which this profile signs.',
  malformed_signature: 'The signature has not the form of this profile.',
  malformed_id: 'The id holds characters that no id has.',
  malformed_timestamp: 'The timestamp is not in whole seconds.',
  wrong_signature: 'The signature is not of this payload with this secret.',
  timestamp_too_old: 'The signature is genuine, but older than the tolerance.',
  timestamp_in_future: 'The signature is genuine, but from a time that has not come: check the clock.',
} as const;

export type VerificationCode = keyof typeof VERIFICATION_MESSAGES;

/** A request that must not be trusted; `code` says why. */
export class WebhookVerificationError extends Error {
  readonly code: VerificationCode;

  constructor(code: VerificationCode) {
    super(VERIFICATION_MESSAGES[code]);
    this.name = 'WebhookVerificationError';
    this.code = code;
  }
}
