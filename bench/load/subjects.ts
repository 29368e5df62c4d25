import type { BenchContext } from '../bench.ts';
import type { SubjectName } from '../figures.ts';
import type { Posthorn } from '../processes/posthorn.ts';
import type { ServerPids } from '../processes/process-usage.ts';

export type Grouping = 'auto' | 'never';

/** What a load is offered to. */
export type Subject = {
  url: string;
  /** All of them, if several APIs take the posts in turn. */
  urls?: string[];
  key: string;
  /** The process that is measured. */
  process: object;
  pids(): ServerPids;
  /** Null for the bare pipeline. */
  posthorn: Pick<Posthorn, 'temporalAddress'> | null;
  close(): Promise<void>;
};

/** Posthorn with a new project, or the bare pipeline, that delivers to `fanOut` paths of the healthy receiver. */
export async function openSubject(
  bench: BenchContext,
  name: SubjectName,
  fanOut: number,
  grouping: Grouping = 'auto',
): Promise<Subject> {
  const paths = Array.from({ length: fanOut }, (_, n) => `/${n}`);
  if (name === 'bare pipeline') return openBarePipeline(bench, paths);
  return subjectOf(await bench.posthorn({ grouping, firstAttempt: name }), bench.urls.healthy, paths);
}

/** A new project of this Posthorn, with an endpoint for each path of the receiver. */
export async function subjectOf(posthorn: Posthorn, origin: string, paths: string[]): Promise<Subject> {
  const project = await posthorn.newProject();
  for (const path of paths) await project.newEndpoint(`${origin}${path}`);
  return {
    url: posthorn.url,
    key: project.key,
    process: posthorn,
    pids: posthorn.pids,
    posthorn,
    close: async () => {},
  };
}

/** On the Postgres of a Posthorn without load. */
async function openBarePipeline(bench: BenchContext, paths: string[]): Promise<Subject> {
  const posthorn = await bench.posthorn({ grouping: 'never', firstAttempt: 'workflow' });
  const pipeline = bench.barePipeline();
  const url = await pipeline.call('start', {
    databaseUrl: posthorn.databaseUrl(),
    origin: bench.urls.healthy,
    paths,
  });
  return {
    url,
    key: 'none',
    process: pipeline,
    pids: () => ({ posthorn: [pipeline.pid], postgres: posthorn.pids().postgres, temporal: [] }),
    posthorn: null,
    close: () => pipeline.call('stop'),
  };
}
