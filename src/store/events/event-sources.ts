import { maxId, minIdAt } from '../postgres/ids.ts';

/** Where events are read from. */
export type Source = {
  parameters: string[];
  /** SQL: the rows, in the order of the list, without a limit. */
  scanned: string;
  /** SQL: the positions of the same rows. */
  positions: string;
  sortKey: string;
  /** SQL: the events of the rows. */
  events: (scanned: string) => string;
};

// The first columns are bounded from both sides and part of the sort order, although they equal a constant. Otherwise the
// planner may read a consumer's events among all of the project, or an endpoint's deliveries along the primary key.
const SINCE = `coalesce($5, '-infinity')`;
const BEFORE = `e.created_at < coalesce($6, 'infinity') AND ($16 IS NULL OR (e.created_at, e.id) < ($16, $17))`;
const UP_TO = `coalesce($16, $6, 'infinity')`;
const TIME_AND_ID = ['timestamptz', 'text'];

/** `rows` returns SQL that selects these columns of the events. */
const ofEvents = (rows: (columns: string) => string, sortKey: string): Source => ({
  parameters: TIME_AND_ID,
  scanned: rows('e.*'),
  positions: rows('e.created_at'),
  sortKey,
  events: (scanned) => scanned,
});

const BY_TIME = 'e.created_at DESC, e.id DESC';
const ofProject = (columns: string): string => `
  SELECT ${columns}, e.id AS position
  FROM events e
  WHERE e.project_id = $1 AND e.created_at >= ${SINCE} AND e.created_at <= ${UP_TO} AND ${BEFORE}
  ORDER BY ${BY_TIME}`;
export const OF_PROJECT = ofEvents(ofProject, BY_TIME);

// The position is that of the index, so that the planner knows the order without sorting, and stops when the page is full.
const BY_TIME_IN_INDEX = 'e.searched_at DESC, e.position DESC';
export const OF_PROJECT_BY_BITS: Source = {
  parameters: [...TIME_AND_ID, 'bigint'],
  scanned: ofProject('e.search_bits, e.created_at'),
  positions: ofProject('e.created_at'),
  sortKey: BY_TIME_IN_INDEX,
  events: (scanned) => `
    SELECT e.*, searched.created_at AS searched_at, searched.position
    FROM (${scanned}) AS searched
    CROSS JOIN LATERAL (SELECT * FROM events WHERE project_id = $1 AND id = searched.position OFFSET 0) AS e
    WHERE searched.search_bits IS NULL OR searched.search_bits & $18 = $18`,
};

const BY_CONSUMER = `e.consumer DESC, ${BY_TIME}`;
const ofConsumer = (columns: string): string => `
  SELECT ${columns}, e.id AS position
  FROM events e
  WHERE e.project_id = $1 AND (e.consumer, e.created_at) >= ($2, ${SINCE}) AND (e.consumer, e.created_at) <= ($2, ${UP_TO})
    AND e.consumer IS NOT NULL AND ${BEFORE}
  ORDER BY ${BY_CONSUMER}`;
export const OF_CONSUMER = ofEvents(ofConsumer, BY_CONSUMER);

const OWN_ENDPOINT = `
  (SELECT id FROM endpoints WHERE id = $16 AND project_id = $1 AND ($2 IS NULL OR consumer = $2)
     AND ($20 IS NULL OR created_at >= $20))`;
const deliveriesBetween = (from: string, to: string, also = 'true'): string => `
  SELECT d.endpoint_id, d.id AS position, d.event_id, d.replay_of, d.created_at
  FROM deliveries d
  WHERE (d.endpoint_id, d.id) >= (${OWN_ENDPOINT}, ${from}) AND (d.endpoint_id, d.id) < (${OWN_ENDPOINT}, ${to}) AND ${also}
  ORDER BY d.endpoint_id DESC, d.id DESC`;
const SINCE_ID = '$18';
const UNTIL_ID = '$19';

// Reads the deliveries to the endpoint ($16), which is cheaper than searching each event of the project for one. Deliveries
// that repeat another one are left out, because they would list the event twice.
const toEndpoint = (deliveries: string): Source => ({
  parameters: ['text', 'text', 'text', 'text', 'timestamptz'],
  scanned: deliveries,
  positions: deliveries,
  sortKey: 'e.endpoint_id DESC, e.position DESC',
  events: (scanned) => `
    SELECT e.*, d.position, d.endpoint_id
    FROM (${scanned}) AS d
    CROSS JOIN LATERAL (SELECT * FROM events WHERE project_id = $1 AND id = d.event_id OFFSET 0) AS e
    WHERE d.replay_of IS NULL`,
});
const CREATED_UNTIL = deliveriesBetween(SINCE_ID, `least($17, ${UNTIL_ID})`);
export const OF_ENDPOINT = toEndpoint(CREATED_UNTIL);

// An event created before `until` may have been sent to the endpoint later. The limits bound what is read if the two are sorted
// instead of merged.
const SENT_LATER = deliveriesBetween(UNTIL_ID, `coalesce($17, '${maxId('dlv')}')`, 'd.sent_later');
export const OF_ENDPOINT_UNTIL = toEndpoint(`
  SELECT * FROM ((${SENT_LATER} LIMIT $10) UNION ALL (${CREATED_UNTIL} LIMIT $10)) AS d
  ORDER BY d.endpoint_id DESC, d.position DESC`);

/** A delivery that is not sent later is created in the same request as its event, but its id may come from a clock that differs. */
const CLOCK_TOLERANCE_MS = 86_400_000;

/** The lowest id of a delivery of an event created since a time, and an id above those not sent later of events created until another. */
export const idsBetween = (since: Date | null, until: Date | null): [string, string] => [
  since ? minIdAt('dlv', since.getTime() - CLOCK_TOLERANCE_MS) : 'dlv_',
  until ? minIdAt('dlv', until.getTime() + CLOCK_TOLERANCE_MS) : maxId('dlv'),
];
