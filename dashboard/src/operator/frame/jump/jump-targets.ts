import { SCREENS } from '../screens.ts';

export type JumpTarget = {
  path: string;
  label: string;
  kind: string;
};

/** What the words may name, in the project that is shown. */
export type Named = {
  endpoints: { id: string; url: string }[];
  consumers: { id: string; name: string | null }[];
  types: { type: string }[];
};

const BY_PREFIX: [prefix: string, path: string, kind: string][] = [
  ['evt_', 'events', 'event'],
  ['dlv_', 'deliveries', 'delivery'],
  ['ep_', 'endpoints', 'endpoint'],
  ['rec_', 'recoveries', 'recovery'],
];

/** `event/<project>/<event>`, and a part after it if the event has several workflows. */
const WORKFLOW = /^event\/([^/\s]+)\/([^/\s]+)(\/\S*)?$/;

const OF_EACH_KIND = 5;

/**
 * Where the text may lead: an id to what it names; words to screens, endpoints, consumers and types; anything else to an
 * event's own id.
 */
export function jumpTargets(text: string, project: string | undefined, named: Named): JumpTarget[] {
  const wanted = text.trim();
  const workflow = WORKFLOW.exec(wanted);
  if (workflow) return [target(pathOf(workflow[1]!, `events/${encode(workflow[2]!)}`), wanted, 'workflow')];
  if (project === undefined) return wanted === '' ? [] : [target(`/p/${encode(wanted)}`, wanted, 'project')];
  const id = BY_PREFIX.find(([prefix]) => wanted.startsWith(prefix));
  if (id) return [target(pathOf(project, `${id[1]}/${encode(wanted)}`), wanted, id[2])];
  if (wanted.startsWith('key_')) return [target(pathOf(project, 'keys'), wanted, 'key')];
  const fits = (name: string | null): boolean => (name ?? '').toLowerCase().includes(wanted.toLowerCase());
  const screens = SCREENS.filter(({ label }) => fits(label)).map(({ path, label }) =>
    target(pathOf(project, path), label, 'screen'),
  );
  if (wanted === '') return screens;
  return [
    ...screens,
    ...named.endpoints
      .slice(0, OF_EACH_KIND)
      .map((endpoint) => target(pathOf(project, `endpoints/${endpoint.id}`), endpoint.url, 'endpoint')),
    ...named.consumers
      .filter(({ id: consumer, name }) => fits(consumer) || fits(name))
      .slice(0, OF_EACH_KIND)
      .map(({ id: consumer, name }) =>
        target(
          pathOf(project, `consumers/${encode(consumer)}`),
          name ? `${name} (${consumer})` : consumer,
          'consumer',
        ),
      ),
    ...named.types
      .filter(({ type }) => fits(type))
      .slice(0, OF_EACH_KIND)
      .map(({ type }) => target(pathOf(project, `event-types/${encode(type)}`), type, 'event type')),
    target(pathOf(project, `events/${encode(wanted)}`), wanted, 'event with this id'),
  ];
}

const encode = encodeURIComponent;
const pathOf = (project: string, path: string): string => `/p/${encode(project)}/${path}`;
const target = (path: string, label: string, kind: string): JumpTarget => ({ path, label, kind });
