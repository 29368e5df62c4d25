import type { Config } from './config.ts';

/** A configuration whose addresses and keys are known: those of embedded servers are filled in. */
export type ServiceConfig = Config & {
  databaseUrl: string;
  adminKey: string;
  temporal: Config['temporal'] & { address: string };
};
