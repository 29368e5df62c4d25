/** A signing secret that the profile `standard-webhooks` accepts. */
export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** An event whose only delivery goes to the receiver, as its target. */
export const eventTo = ({ url }: { url: string }, more: object = {}) => ({
  type: 'a.b',
  data: {},
  target: { url, secret: SECRET },
  ...more,
});
