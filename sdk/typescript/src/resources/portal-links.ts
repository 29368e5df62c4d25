import type { Call } from '../call.ts';
import type { NewPortalLink, PortalLink } from '../models.ts';
import { idPath } from '../path.ts';

export function portalLinksOf(call: Call) {
  return {
    /** The response contains the link, which opens the portal once. No later response does. */
    create: (link: NewPortalLink): Promise<PortalLink> => call('POST', '/v1/portal-links', { body: link }),
    /** The link and the sessions that were opened with it end within a second. */
    delete: (id: string): Promise<void> => call('DELETE', idPath`/v1/portal-links/${id}`),
  };
}
