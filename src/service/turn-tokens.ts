import type { Turn } from '../dispatch/queues/restricted-queue.ts';

/** The tokens of a notification that receivers may have their next turn. The name of a target's receiver has a space. */
export const turnTokens = (turns: Turn[]): string[] =>
  turns.map(({ projectId, receiver }) => `${projectId}/${encodeURIComponent(receiver)}`);

export const turnsOf = (tokens: string[]): Turn[] =>
  tokens.map((token) => {
    const [projectId = '', receiver = ''] = token.split('/');
    return { projectId, receiver: decodeURIComponent(receiver) };
  });
