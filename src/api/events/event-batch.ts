import { z } from 'zod';
import type { TimeSlices } from '../../limits/time-slices.ts';
import {
  MAX_NESTING,
  readJsonDocument,
  refuseDuplicateNames,
  requireUtf8WithoutBom,
  tooDeep,
} from '../http/body/json-document.ts';
import {
  type Member,
  membersOf,
  nestingDepth,
  OPEN_BRACE,
  type ValueRange,
} from '../http/body/json-members.ts';
import { isArrayAt, parseValue, scanElements, scanMembers } from '../http/body/json-scanner.ts';
import { parseBody, partOrErrors } from '../http/validation/validation.ts';
import { type FieldError, invalidBody, MAX_LISTED_ERRORS, Problem } from '../problems/problem.ts';
import type { PostedEvent } from './event-drafts.ts';
import { type EventInput, MAX_BATCH_EVENTS, newEvent } from './event-schemas.ts';

/** What is around the events, each of which is looked at by itself. */
const envelope = z.strictObject({ events: z.array(z.unknown()).min(1).max(MAX_BATCH_EVENTS) });
/** Of a value that may not be there at all: a larger one is not read to say so. */
const SMALL = 64 * 1024;
/** The batch, its list, and the event. */
const DEPTH_AROUND = 2;

/**
 * The events of a batch, in order; none may be larger than `maxEventBytes`. They are read one by one, with pauses: what
 * JSON.parse makes of 16 MB takes seconds, and hundreds of megabytes. Throws as readJsonDocument and parseBody do.
 */
export async function readEventBatch(
  bytes: Buffer,
  maxEventBytes: number,
  receivedAt: Date,
  slices: TimeSlices,
): Promise<PostedEvent[]> {
  requireUtf8WithoutBom(bytes);
  const ranges = await rangesOfEvents(bytes, slices);
  const posted: PostedEvent[] = [];
  const errors: FieldError[] = [];
  let errorCount = 0;
  for (const [place, range] of ranges.entries()) {
    await slices.yieldIfDue();
    const pointer = `/events/${place}`;
    if (range.end - range.start > maxEventBytes) throw tooLarge(pointer, maxEventBytes);
    if (nestingDepth(bytes, range) + DEPTH_AROUND > MAX_NESTING) throw tooDeep();
    const value = parseValue(bytes, range);
    await slices.yieldIfDue();
    const read = partOrErrors(newEvent, value, pointer);
    if ('part' in read) {
      // Its value would be held until all are read; who needs it reads it again.
      const { data: _, ...input } = read.part;
      const members = membersOf(bytes, range);
      refuseDuplicateNames(bytes, members, pointer);
      posted.push({ input, document: { bytes, members }, pointer, receivedAt });
    } else {
      errors.push(...read.errors.slice(0, MAX_LISTED_ERRORS - errors.length));
      errorCount += read.errorCount;
    }
  }
  if (errorCount > 0) throw new Problem('invalid_body', undefined, { errors, errorCount });
  refuseRepeatedIds(posted);
  return posted;
}

/** Where the events are; throws for a body that is no batch. */
async function rangesOfEvents(bytes: Buffer, slices: TimeSlices): Promise<ValueRange[]> {
  if (bytes[firstPlace(bytes)] !== OPEN_BRACE) {
    // Not an object: read as any body, it is refused with the reason.
    parseBody(envelope, bytes.length > SMALL ? [] : readJsonDocument(bytes).value);
    return [];
  }
  await slices.yieldIfDue();
  const members = scanMembers(bytes);
  refuseDuplicateNames(bytes, members.map(withoutContent), '');
  const ranges: ValueRange[] = [];
  const around: [string, unknown][] = [];
  for (const member of members) {
    if (member.name === 'events' && isArrayAt(bytes, member)) {
      for (const range of scanElements(bytes, member, MAX_BATCH_EVENTS + 1)) {
        ranges.push(range);
        await slices.yieldIfDue();
      }
      around.push(['events', ranges]);
    } else around.push([member.name, member.end - member.start > SMALL ? null : parseValue(bytes, member)]);
  }
  parseBody(envelope, Object.fromEntries(around));
  return ranges;
}

/** An empty range in the place of the value: only the names of the members are compared. */
const withoutContent = ({ name, end }: Member): Member => ({ name, start: end, end });

function firstPlace(bytes: Buffer): number {
  let place = 0;
  while (place < bytes.length && bytes[place]! <= 0x20) place++;
  return place;
}

function tooLarge(pointer: string, maxEventBytes: number): Problem {
  const errors = [{ pointer, detail: `has more than ${maxEventBytes} bytes` }];
  return new Problem('payload_too_large', undefined, { errors });
}

function refuseRepeatedIds(events: { input: Omit<EventInput, 'data'> }[]): void {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [place, { input }] of events.entries()) {
    if (input.id === undefined) continue;
    if (seen.has(input.id))
      errors.push({ pointer: `/events/${place}/id`, detail: 'is the id of an earlier event of the batch' });
    seen.add(input.id);
  }
  if (errors.length > 0) throw invalidBody(errors);
}
