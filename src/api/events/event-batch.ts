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

/** The batch without its events, which are validated one by one. */
const envelope = z.strictObject({ events: z.array(z.unknown()).min(1).max(MAX_BATCH_EVENTS) });
/** A value that should not be there is parsed only up to this size, to describe it in the error. */
const MAX_DESCRIBED_BYTES = 64 * 1024;
/** Nesting added by the batch: the batch object, its list, and the event. */
const BATCH_DEPTH = 2;

/**
 * Returns the events of a batch, in order; each may have at most `maxEventBytes`. Events are parsed one by one, with
 * pauses: JSON.parse of a 16 MB body would block other calls for seconds and allocate hundreds of megabytes. Throws the
 * same problems as readJsonDocument and parseBody.
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
  for (const [index, range] of ranges.entries()) {
    await slices.yieldIfDue();
    const pointer = `/events/${index}`;
    if (range.end - range.start > maxEventBytes) throw tooLarge(pointer, maxEventBytes);
    if (nestingDepth(bytes, range) + BATCH_DEPTH > MAX_NESTING) throw tooDeep();
    const value = parseValue(bytes, range);
    await slices.yieldIfDue();
    const result = partOrErrors(newEvent, value, pointer);
    if ('part' in result) {
      // Keeping every parsed value until the last event is read could take hundreds of megabytes.
      const { data: _, ...input } = result.part;
      const members = membersOf(bytes, range);
      refuseDuplicateNames(bytes, members, pointer);
      posted.push({ input, document: { bytes, members }, pointer, receivedAt });
    } else {
      errors.push(...result.errors.slice(0, MAX_LISTED_ERRORS - errors.length));
      errorCount += result.errorCount;
    }
  }
  if (errorCount > 0) throw new Problem('invalid_body', undefined, { errors, errorCount });
  refuseDuplicateIds(posted);
  return posted;
}

/** Returns the byte ranges of the events. Throws if the body is not a batch. */
async function rangesOfEvents(bytes: Buffer, slices: TimeSlices): Promise<ValueRange[]> {
  if (bytes[firstNonSpace(bytes)] !== OPEN_BRACE) {
    // Not an object: parsing it as an ordinary body produces the error.
    parseBody(envelope, bytes.length > MAX_DESCRIBED_BYTES ? [] : readJsonDocument(bytes).value);
    return [];
  }
  await slices.yieldIfDue();
  const members = scanMembers(bytes);
  refuseDuplicateNames(bytes, members.map(withoutValue), '');
  const ranges: ValueRange[] = [];
  const envelopeMembers: [string, unknown][] = [];
  for (const member of members) {
    if (member.name === 'events' && isArrayAt(bytes, member)) {
      for (const range of scanElements(bytes, member, MAX_BATCH_EVENTS + 1)) {
        ranges.push(range);
        await slices.yieldIfDue();
      }
      envelopeMembers.push(['events', ranges]);
    } else
      envelopeMembers.push([
        member.name,
        member.end - member.start > MAX_DESCRIBED_BYTES ? null : parseValue(bytes, member),
      ]);
  }
  parseBody(envelope, Object.fromEntries(envelopeMembers));
  return ranges;
}

/** Replaces each value by an empty range, because only member names are validated here. */
const withoutValue = ({ name, end }: Member): Member => ({ name, start: end, end });

function firstNonSpace(bytes: Buffer): number {
  let index = 0;
  while (index < bytes.length && bytes[index]! <= 0x20) index++;
  return index;
}

function tooLarge(pointer: string, maxEventBytes: number): Problem {
  const errors = [{ pointer, detail: `has more than ${maxEventBytes} bytes` }];
  return new Problem('payload_too_large', undefined, { errors });
}

function refuseDuplicateIds(events: { input: Omit<EventInput, 'data'> }[]): void {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [index, { input }] of events.entries()) {
    if (input.id === undefined) continue;
    if (seen.has(input.id))
      errors.push({
        pointer: `/events/${index}/id`,
        detail: 'is also the id of an earlier event in the batch',
      });
    seen.add(input.id);
  }
  if (errors.length > 0) throw invalidBody(errors);
}
