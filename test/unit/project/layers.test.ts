import { forbiddenImports } from '../../../scripts/forbidden-imports.ts';

const imports = (path: string, ...lines: string[]) => forbiddenImports([{ path, text: lines.join('\n') }]);

test.each([
  ['src/api/events/event-routes.ts', "import { claimDeliveries } from '../../store/deliveries/claims.ts';"],
  ['src/api/events/event-routes.ts', "import express from 'express';"],
  ['src/api/events/event-schemas.ts', "import { parse } from '../http/body/json-members.ts';"],
  ['src/api/ports.ts', "import type { EventDraft } from '../store/events/event-draft.ts';"],
  ['workflows/deliver.ts', "import { condition } from '@temporalio/workflow';"],
  ['activities/deliver-activities.ts', "import type { Activities } from '../workflows/contract.ts';"],
  ['packages/temporal/src/activities.ts', "import { activityInfo } from '@temporalio/activity';"],
  ['packages/temporal/src/workflow/deliver.ts', "import { sleep } from '@temporalio/workflow';"],
  ['src/service/start-service.ts', "import { migrate } from '../store/migrations/migrate.ts';"],
])('%s may contain %s', (path, line) => {
  expect(imports(path, line)).toEqual([]);
});

test.each([
  ['src/store/deliveries/claims/claim-deliveries.ts', "import { app } from '../../../api/app.ts';"],
  [
    'src/store/deliveries/claims/claim-deliveries.ts',
    "import type { Acceptor } from '../../../api/ports.ts';",
  ],
  ['src/store/deliveries/claims/claim-deliveries.ts', "import { Connection } from '@temporalio/client';"],
  ['src/policy/outcome.ts', "import { inTransaction } from '../store/postgres/database.ts';"],
  ['src/egress/connections/dial.ts', "import type { Queryable } from '../../store/postgres/database.ts';"],
  ['src/signing/sign.ts', "export { newId } from '../store/postgres/ids.ts';"],
  ['src/api/create-api.ts', "import { startService } from '../service/start-service.ts';"],
  ['src/api/create-api.ts', "const program = await import('../cli/program.ts');"],
  ['src/api/create-api.ts', "import { request } from 'undici';"],
  ['src/dispatch/dispatcher.ts', "import { deliver } from '../../workflows/deliver.ts';"],
  ['dashboard/src/portal/main.tsx', "import { Frame } from '../operator/frame/frame.tsx';"],
  ['dashboard/src/operator/main.tsx', "import { Frame } from '../portal/frame/frame.tsx';"],
  ['dashboard/src/kit/layout/page.tsx', "import { Frame } from '../../portal/frame/frame.tsx';"],
  ['dashboard/src/kit/status/state.tsx', "import { causeOf } from '../../delivery/causes.ts';"],
  ['workflows/deliver.ts', "import { sign } from '../src/signing/sign.ts';"],
  ['workflows/deliver.ts', "import { createHash } from 'node:crypto';"],
  ['workflows/deliver.ts', "import { z } from 'zod';"],
  ['packages/temporal/src/workflow/deliver.ts', "import { createHash } from 'node:crypto';"],
  ['packages/temporal/src/activities.ts', "import { newId } from '../../../src/store/postgres/ids.ts';"],
])('%s must not contain %s', (path, line) => {
  expect(imports(path, line)).toHaveLength(1);
});

test('an import over several lines is found, and the sentence says what is allowed', () => {
  expect(
    imports(
      'src/egress/connections/dial.ts',
      'import {',
      '  type A,',
      "} from '../../store/postgres/database.ts';",
    ),
  ).toEqual([
    'src/egress/connections/dial.ts imports src/store/postgres/database.ts: src/egress may import src/policy, src/limits',
  ]);
});

test('a file outside every layer is found', () => {
  expect(imports('src/utils/strings.ts', '')).toEqual([
    'src/utils/strings.ts belongs to no layer: give it one in scripts/layers.ts',
  ]);
});
