import { loadOpenApiDocument } from '../../../sdk/models/openapi-document.ts';
import { DEFAULT_QUOTAS } from '../../../src/policy/quotas.ts';

/**
 * Posts are limited by shares of memory and of concurrent stores; only the operator creates, changes and erases projects; and
 * a session begins and ends once.
 */
const WITHOUT_RATE = [
  'postEvent',
  'postEvents',
  'createProject',
  'changeProject',
  'deleteProject',
  'deleteSession',
  'createPortalSession',
];

test('every call with which a tenant changes something has a quota', async () => {
  const { paths } = await loadOpenApiDocument();
  const calls = Object.values(paths).flatMap((path) => Object.entries(path));
  const changing = calls.flatMap(([method, operation]) => (method === 'get' ? [] : [operation]));

  const rates = changing.map((operation): [string, unknown] => [
    operation.operationId,
    (operation as { 'x-quota'?: string })['x-quota'],
  ]);
  const unlimited = rates.filter(([, quota]) => quota === undefined).map(([id]) => id);
  expect(unlimited.toSorted()).toEqual(WITHOUT_RATE.toSorted());
  for (const [, quota] of rates)
    if (quota !== undefined) expect(DEFAULT_QUOTAS).toHaveProperty(String(quota));
});
