/** What is signed: the body alone, or the body after what pins it to one attempt, joined by dots. */
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
  /** One signature as the header shows it: text around `$hex` or `$base64`, and `$sentAt`. */
  format: string;
  whileRotating: (typeof WHILE_ROTATING)[number];
};

/** What a scheme signs. `sentAt` is in epoch seconds; `body` is exactly what is sent. */
export type SignedMessage = { id: string; sentAt: number; body: Uint8Array };
