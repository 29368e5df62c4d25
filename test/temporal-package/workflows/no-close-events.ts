import { closeEvents } from '../../../packages/temporal/src/workflow/index.ts';

export const interceptors = () => closeEvents({ event: () => undefined });
