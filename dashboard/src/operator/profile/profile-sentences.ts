import type { Profile } from '../../../../sdk/typescript/src/models.ts';
import { signatureWords } from '../../delivery/attempt/signature-words.ts';
import { durationSeconds } from '../../delivery/retry-steps.ts';
import { counted } from '../../kit/text/counted.ts';
import { duration } from '../../kit/time/time.ts';

const listed = (words: string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

const time = (text: string): string => duration((durationSeconds(text) ?? 0) * 1_000);

function bodySentence({ body, dataBytes, timestampPrecision }: Profile): string {
  const names = Object.keys(body);
  const parts = names.map((name) => (name === '...' ? 'the members of the data' : `\`${name}\``));
  const bytes =
    dataBytes === 'verbatim'
      ? 'The data goes out byte for byte as it was posted.'
      : 'The data is written anew, so that receivers that parse and write it get the same bytes.';
  return `The body is a JSON object with ${listed(parts)}. ${bytes} Times have ${timestampPrecision}.`;
}

function secretSentence({ secret }: Profile): string {
  const { prefix, source, returned, min, max, key } = secret;
  const who = {
    generated: 'Posthorn makes the secret of an endpoint',
    either: 'Posthorn makes the secret of an endpoint, or whoever adds it gives one',
    provided: 'Whoever adds an endpoint gives its secret',
  }[source];
  const length = key === 'utf8' ? `${min} to ${max} characters` : `a key of ${min} to ${max} bytes in base64`;
  const shown = returned === 'once' ? 'It is shown once.' : 'It is never shown.';
  return `${who}: ${length}${prefix === '' ? '' : `, after \`${prefix}\``}. ${shown}`;
}

function attemptsSentence({ timeout, policy }: Profile): string {
  const { delays, jitter, finalStatuses = [] } = policy;
  const retries =
    delays.length === 0 ? 'There are no retries.' : `Retries follow after ${listed(delays.map(time))}.`;
  const random = jitter > 0 ? ` Up to ${Math.round(jitter * 100)} % is added to each at random.` : '';
  const final = finalStatuses.length > 0 ? ` ${listed(finalStatuses)} end a delivery at once.` : '';
  return `An attempt may take ${time(timeout)}, and succeeds with a 2xx. ${retries}${random}${final}`;
}

function responsesSentence({ responses = {} }: Profile): string {
  const rules: [boolean | undefined, string][] = [
    [responses.gone, '410 disables the endpoint'],
    [responses.retryAfter, 'Retry-After makes it wait'],
    [responses.tooManyRequests, '429 spaces requests out'],
    [responses.coolDown, 'a receiver that only fails gets single probes'],
  ];
  const on = rules.filter(([isOn]) => isOn !== false).map(([, text]) => text);
  const off = rules.filter(([isOn]) => isOn === false).map(([, text]) => text);
  const sentence = on.length > 0 ? `${listed(on)}.` : '';
  const without = off.length > 0 ? ` Switched off: ${listed(off)}.` : '';
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}${without}`.trim();
}

function urlsSentence({ urls, plans }: Profile): string {
  const scheme = urls.httpsOnly ? 'Endpoints must have https' : 'Endpoints may have http or https';
  const where = urls.publicOnly ? ' and a public address' : '';
  const allowed = plans ? ` Webhooks are in the plans ${listed(plans)}.` : '';
  return `${scheme}${where}.${allowed}`;
}

/** A profile, sentence by sentence, under headings. Names in backquotes are code. */
export function profileSentences(profile: Profile): [heading: string, sentence: string][] {
  const types = profile.eventTypes?.length ?? 0;
  return [
    ['Body', bodySentence(profile)],
    ['Headers', `Each request has ${listed(Object.keys(profile.headers).map((name) => `\`${name}\``))}.`],
    ['Signature', signatureWords(profile)],
    ['Secret', secretSentence(profile)],
    ['Attempts', attemptsSentence(profile)],
    ['Responses', responsesSentence(profile)],
    ['Endpoints', urlsSentence(profile)],
    [
      'Catalogue',
      types === 0
        ? 'It has no event types: a project brings its own.'
        : `It has ${counted(types, 'event type')}, which a project can override.`,
    ],
  ];
}
