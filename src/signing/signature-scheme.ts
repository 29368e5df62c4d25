/** What is signed: the body alone, or the body after what pins it to one attempt, joined by dots. */
export const SIGNED_CONTENTS = ['$body', '$sentAt.$body', '$id.$sentAt.$body'] as const;
export const SIGNATURE_ALGORITHMS = ['hmac-sha256', 'hmac-sha512'] as const;
export const SIGNATURE_ENCODINGS = ['hex', 'base64'] as const;
/** While a secret is replaced an endpoint has several: one signature each, with a space between, or the newest's only. */
export const WHILE_ROTATING = ['space', 'none'] as const;

export type SignatureScheme = {
  algorithm: (typeof SIGNATURE_ALGORITHMS)[number];
  content: (typeof SIGNED_CONTENTS)[number];
  encoding: (typeof SIGNATURE_ENCODINGS)[number];
  /** One signature as the header shows it: text around `$hex` or `$base64`, and `$sentAt`. */
  format: string;
  severalSecrets: (typeof WHILE_ROTATING)[number];
};

/** What a scheme signs. `sentAt` is in epoch seconds; `body` is exactly what is sent. */
export type SignedMessage = { id: string; sentAt: number; body: Uint8Array };
