import { CommandFailure } from '../connection.ts';

/** The URL that --forward-to names; `3000/path` and `localhost:3000` are short for one. Throws a CommandFailure if it is none. */
export function forwardTarget(text: string): URL {
  const withHost = /^\d{1,5}(\/|$)/.test(text) ? `localhost:${text}` : text;
  const url = URL.parse(/^[a-z]+:\/\//i.test(withHost) ? withHost : `http://${withHost}`);
  if (url && /^https?:$/.test(url.protocol) && url.hostname !== '') return url;
  throw new CommandFailure(2, `--forward-to ${text} is not a URL such as http://localhost:3000/webhooks.`);
}
