/** A request as a receiver's framework shows it: header names in lower case, the body as it came. */
export type ReceivedRequest = { headers: Record<string, string>; body: Buffer };

/** Whether a receiver that was written from a provider's page alone takes the request for the provider's own. */
export type ReferenceVerifier = (request: ReceivedRequest, secret: string) => boolean;

/** Pages compare with functions that throw on unequal lengths: a receiver that throws answers 500, and has refused. */
export function accepts(receiver: ReferenceVerifier, request: ReceivedRequest, secret: string): boolean {
  try {
    return receiver(request, secret);
  } catch {
    return false;
  }
}
