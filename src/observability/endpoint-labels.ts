import type { EndpointSelection } from '../policy/endpoint-selection.ts';

/** The label of all endpoints that have none of their own. */
const OTHER = 'other';
const MAX_ENDPOINTS = 1_000;
const MAX_OF_PROJECT = 100;
/** An endpoint without an attempt for so long gives its place to another. */
const IDLE_AFTER_MS = 3_600_000;

export type LabelledEndpoint = { project: string; endpoint: string };

export type EndpointLabels = {
  /** The label of an endpoint at an attempt, null if it is not selected. */
  labelOf(projectId: string, endpointId: string | null): string | null;
  /** The endpoints with a label of their own. */
  endpointIds(): string[];
  /** Takes the labels of the deleted endpoints, and of those that had no attempt for an hour and are not listed. */
  takeBack(deleted: ReadonlySet<string>): LabelledEndpoint[];
};

/** `isTaken`: the endpoint is deleted. */
type Entry = { project: string; lastAttemptAt: number; isListed: boolean; isTaken: boolean };

/**
 * Decides which endpoints have a label of their own: those that are listed by their ids, and of the others the first to
 * be attempted. A deleted endpoint keeps its place, without a label, until it has had no attempt for an hour: otherwise a
 * tenant that creates and deletes endpoints in a loop would make new series at each scrape. `now` is in ms.
 */
export function createEndpointLabels(selection: EndpointSelection, now: () => number): EndpointLabels {
  const listed = selection === 'all' ? new Set<string>() : selection.endpoints;
  const isSelected = (projectId: string) => selection === 'all' || selection.projects.has(projectId);
  const entries = new Map<string, Entry>();
  const unlistedOf = new Map<string, number>();
  let unlisted = 0;

  function hasRoom(projectId: string): boolean {
    return unlisted < MAX_ENDPOINTS - listed.size && (unlistedOf.get(projectId) ?? 0) < MAX_OF_PROJECT;
  }

  function countUnlisted(projectId: string, change: 1 | -1): void {
    unlisted += change;
    const ofProject = (unlistedOf.get(projectId) ?? 0) + change;
    if (ofProject === 0) unlistedOf.delete(projectId);
    else unlistedOf.set(projectId, ofProject);
  }

  return {
    labelOf(projectId, endpointId) {
      const isListed = endpointId !== null && listed.has(endpointId);
      if (!isListed && !isSelected(projectId)) return null;
      if (endpointId === null) return OTHER;
      const known = entries.get(endpointId);
      if (known) {
        known.lastAttemptAt = now();
        return known.isTaken ? OTHER : endpointId;
      }
      if (!isListed && !hasRoom(projectId)) return OTHER;
      if (!isListed) countUnlisted(projectId, 1);
      entries.set(endpointId, { project: projectId, lastAttemptAt: now(), isListed, isTaken: false });
      return endpointId;
    },
    endpointIds: () => [...entries].filter(([, { isTaken }]) => !isTaken).map(([id]) => id),
    takeBack(deleted) {
      const taken: LabelledEndpoint[] = [];
      const idleSince = now() - IDLE_AFTER_MS;
      for (const [endpoint, entry] of entries) {
        const isGone = deleted.has(endpoint) || entry.isTaken;
        const isIdle = entry.lastAttemptAt <= idleSince && (isGone || !entry.isListed);
        if (!entry.isTaken && (isGone || isIdle)) taken.push({ project: entry.project, endpoint });
        entry.isTaken = isGone;
        if (!isIdle) continue;
        entries.delete(endpoint);
        if (!entry.isListed) countUnlisted(entry.project, -1);
      }
      return taken;
    },
  };
}
