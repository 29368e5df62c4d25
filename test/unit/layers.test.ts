import { forbiddenImports } from '../../scripts/forbidden-imports.ts';

const imports = (path: string, ...lines: string[]) => forbiddenImports([{ path, text: lines.join('\n') }]);

test.each([
  ['src/api/events.ts', "import { claimDeliveries } from '../store/claims.ts';"],
  ['src/api/events.ts', "import express from 'express';"],
  ['src/api/schemas/event.ts', "import { parse } from '../json-members.ts';"],
  ['src/api/ports.ts', "import type { EventDraft } from '../store/event-draft.ts';"],
  ['workflows/deliver.ts', "import { condition } from '@temporalio/workflow';"],
  ['activities/index.ts', "import type { Activities } from '../workflows/contract.ts';"],
  ['src/main.ts', "import { migrate } from './store/migrate.ts';"],
])('%s may say %s', (path, line) => {
  expect(imports(path, line)).toEqual([]);
});

test.each([
  ['src/store/claims.ts', "import { app } from '../api/app.ts';"],
  ['src/store/claims.ts', "import type { Acceptor } from '../api/ports.ts';"],
  ['src/store/claims.ts', "import { Connection } from '@temporalio/client';"],
  ['src/policy/outcome.ts', "import { inTransaction } from '../store/database.ts';"],
  ['src/egress/dial.ts', "import type { Queryable } from '../store/database.ts';"],
  ['src/signing/sign.ts', "export { newId } from '../store/ids.ts';"],
  ['src/api/app.ts', "import { main } from '../main.ts';"],
  ['src/api/app.ts', "const main = await import('../cli.ts');"],
  ['src/api/app.ts', "import { request } from 'undici';"],
  ['src/dispatch/law.ts', "import { deliver } from '../../workflows/deliver.ts';"],
  ['workflows/deliver.ts', "import { sign } from '../src/signing/sign.ts';"],
  ['workflows/deliver.ts', "import { createHash } from 'node:crypto';"],
  ['workflows/deliver.ts', "import { z } from 'zod';"],
])('%s may not say %s', (path, line) => {
  expect(imports(path, line)).toHaveLength(1);
});

test('an import over several lines is found, and the sentence says what is allowed', () => {
  expect(imports('src/egress/dial.ts', 'import {', '  type A,', "} from '../store/database.ts';")).toEqual([
    'src/egress/dial.ts imports src/store/database.ts: src/egress may import src/policy',
  ]);
});

test('a file outside every layer is found', () => {
  expect(imports('src/utils/strings.ts', '')).toEqual([
    'src/utils/strings.ts belongs to no layer: give it one in scripts/layers.ts',
  ]);
});
