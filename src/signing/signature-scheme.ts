/** What is signed: the body, or the body after the time of the attempt, or after the event id and the time. */
export const SIGNED_CONTENTS = ['$body', '$sentAt.$body', '$id.$sentAt.$body'] as const;
export const SIGNATURE_ALGORITHMS = ['hmac-sha256', 'hmac-sha512'] as const;
export const SIGNATURE_ENCODINGS = ['hex', 'base64'] as const;
/**
 * An endpoint has several secrets during a rotation. `all`: one signature for each, newest first, joined by a space;
 * `newest`: only the newest secret signs.
 */
export const WHILE_ROTATING = ['all', 'newest'] as const;

export type SignatureScheme = {
  algorithm: (typeof SIGNATURE_ALGORITHMS)[number];
  content: (typeof SIGNED_CONTENTS)[number];
  encoding: (typeof SIGNATURE_ENCODINGS)[number];
  /** One signature in the header: text with `$hex` or `$base64`, and optionally `$sentAt`. */
  format: string;
  whileRotating: (typeof WHILE_ROTATING)[number];
};

/** The input of a signature. `sentAt` is in epoch seconds; `body` is exactly what is sent. */
export type SignedMessage = { id: string; sentAt: number; body: Uint8Array };
