import { findNodeAtLocation, parseTree } from 'jsonc-parser';

/** The text of a member of a JSON object, as it stands there; undefined if there is none. */
export function rawMember(json: string, name: string): string | undefined {
  const root = parseTree(json);
  const found = root && findNodeAtLocation(root, [name]);
  return found && json.slice(found.offset, found.offset + found.length);
}
