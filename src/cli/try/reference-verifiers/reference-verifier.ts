/** A request as a web framework presents it: lower-case header names and the raw body. */
export type ReceivedRequest = { headers: Record<string, string>; body: Buffer };

/** Whether a receiver that follows only a provider's documentation accepts the request as genuine. */
export type ReferenceVerifier = (request: ReceivedRequest, secret: string) => boolean;

/** Documented receivers may throw, for example on signatures of unequal length. That counts as a rejection. */
export function accepts(receiver: ReferenceVerifier, request: ReceivedRequest, secret: string): boolean {
  try {
    return receiver(request, secret);
  } catch {
    return false;
  }
}
