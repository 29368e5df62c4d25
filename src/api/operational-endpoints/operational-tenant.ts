import { createCatalogue } from '../../catalogue/catalogue.ts';
import type { CompiledProfile } from '../../profiles/compile-profile.ts';
import { operationalProjectOf } from '../../store/operational/operational-project.ts';
import type { Tenant } from '../auth/tenant.ts';

/** The hidden project of a tenant, whose endpoints are its operational endpoints. */
export const operationalTenant = (tenant: Tenant, profile: CompiledProfile): Tenant => ({
  ...tenant,
  projectId: operationalProjectOf(tenant.projectId),
  profile,
  plans: null,
  catalogue: createCatalogue([]),
});
