import type { ReactNode } from 'react';
import type { Attempt, Delivery, Endpoint } from '../../../../sdk/typescript/src/models.ts';

/** What is to be sent. Without a type, one that fits; without data, the example of the type. */
export type TestDraft = { type?: string | undefined; data?: string | undefined };

export type TestEndpointProps = {
  project: string;
  endpoint: Endpoint;
  /** Chosen at first; without it, one that the endpoint gets. */
  type?: string;
  onClose: () => void;
  onSent: () => Promise<void>;
  /** What to do about a failure. */
  advice: (attempt: Attempt) => string | undefined;
  /** The states of deliveries in words of its own, for readers who are not the operator. */
  stateWord?: (status: Delivery['status']) => string;
  /** Leads to the whole request and response. */
  link: (delivery: Delivery) => ReactNode;
};
