/** Who waits for a turn: projects are served in turn, and within a project its consumers and itself. */
export type Party = { projectId: string; consumer: string | null };

export type TenantTurnsOptions = {
  /** Turns that may be taken at once. */
  most: number;
  /** Of these by one project, so that there is room for another one; and by one consumer, or by the project itself. */
  mostOfProject: number;
  mostOfParty: number;
  /** Callers of one party that may wait. */
  waitingOfParty: number;
};

/** The party has as many callers waiting as it may. */
export class TooManyWaiting extends Error {
  constructor() {
    super('too many calls of one tenant wait');
  }
}

export type TenantTurns = {
  /** Resolves when it is the party's turn, with how to end it; rejects with TooManyWaiting. */
  take(party: Party): Promise<() => void>;
};

type PartyQueue = { running: number; waiting: (() => void)[] };
type ProjectQueue = { running: number; parties: Map<string, PartyQueue> };

/** A semaphore whose waiters are served round robin over projects, and over the parties of each. */
export function createTenantTurns(options: TenantTurnsOptions): TenantTurns {
  const { most, mostOfProject, mostOfParty, waitingOfParty } = options;
  // The order of both maps is the order of turns: whoever is served goes to the end.
  const projects = new Map<string, ProjectQueue>();
  let running = 0;

  function serve(): void {
    while (running < most && serveNext());
  }

  function serveNext(): boolean {
    for (const [projectId, project] of projects) {
      if (project.running >= mostOfProject) continue;
      for (const [name, party] of project.parties) {
        if (party.running >= mostOfParty || party.waiting.length === 0) continue;
        const start = party.waiting.shift()!;
        toTheEnd(projects, projectId, project);
        toTheEnd(project.parties, name, party);
        running += 1;
        project.running += 1;
        party.running += 1;
        start();
        return true;
      }
    }
    return false;
  }

  function end(projectId: string, project: ProjectQueue, name: string, party: PartyQueue): void {
    running -= 1;
    project.running -= 1;
    party.running -= 1;
    if (party.running === 0 && party.waiting.length === 0) project.parties.delete(name);
    if (project.parties.size === 0) projects.delete(projectId);
    serve();
  }

  return {
    take({ projectId, consumer }) {
      const project = projects.get(projectId) ?? { running: 0, parties: new Map<string, PartyQueue>() };
      const name = consumer === null ? '' : `c/${consumer}`;
      const party = project.parties.get(name) ?? { running: 0, waiting: [] };
      if (party.waiting.length >= waitingOfParty) return Promise.reject(new TooManyWaiting());
      projects.set(projectId, project);
      project.parties.set(name, party);
      return new Promise((resolve) => {
        let ended = false;
        party.waiting.push(() =>
          resolve(() => {
            if (ended) return;
            ended = true;
            end(projectId, project, name, party);
          }),
        );
        serve();
      });
    },
  };
}

function toTheEnd<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
}
