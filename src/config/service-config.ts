import type { Config } from './config.ts';

/** A configuration whose addresses and keys are known: those of embedded servers are filled in. */
export type ServiceConfig = Config & {
  /** The receiver that `npm start` runs beside the service, if endpoints may have its URL. */
  sampleReceiver?: { url: string; secret: string };
  databaseUrl: string;
  adminKey: string;
  temporal: Config['temporal'] & { address: string };
};
