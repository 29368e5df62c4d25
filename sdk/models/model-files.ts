import { namedTypes } from './named-types.ts';
import type { OpenApi } from './openapi-document.ts';
import { pythonModels } from './python.ts';
import { typescriptModels } from './typescript.ts';

/** The types of both clients: paths from the folder sdk, and texts. A test holds the files against them. */
export function modelFiles(document: OpenApi): Record<string, string> {
  const types = namedTypes(document);
  return {
    'typescript/src/models.ts': typescriptModels(types),
    'python/src/posthorn/models.py': pythonModels(types),
  };
}
