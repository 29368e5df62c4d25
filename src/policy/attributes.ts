/**
 * The most attributes of an event, and the most bytes of their names and values together. Claims, lists and filters keep the
 * attributes of many events in memory; the shipped profiles use one of them, and searches find up to five.
 */
export const MAX_ATTRIBUTES = 64;
export const MAX_ATTRIBUTE_BYTES = 16 * 1024;

/** The bytes of the names and values in UTF-8. */
export function attributeBytes(attributes: Record<string, string>): number {
  let bytes = 0;
  for (const name in attributes) bytes += Buffer.byteLength(name) + Buffer.byteLength(attributes[name]!);
  return bytes;
}
