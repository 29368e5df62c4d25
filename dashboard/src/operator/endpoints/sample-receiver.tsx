/** Where the URL and the secret of the sample receiver stand. With another secret it answers that the signature is wrong. */
export const SampleReceiver = () => (
  <p>
    With <code>npm start</code> a sample receiver runs beside Posthorn. The <code>curl</code> command that{' '}
    <code>npm start</code> printed has both its URL, <code>target.url</code>, and its secret,{' '}
    <code>target.secret</code>: fill in both. With another secret, it finds every signature wrong.
  </p>
);
