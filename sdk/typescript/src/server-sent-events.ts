export type ServerSentEvent = { id?: string; event?: string; data?: string; retry?: string };

/** Parses a stream of events (WHATWG HTML, section 9.2.6). Also yields blocks without data, which may contain an id. */
export async function* serverSentEvents(
  body: ReadableStream<Uint8Array>,
  onBytes: () => void,
): AsyncGenerator<ServerSentEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    onBytes();
    const blocks = (text + decoder.decode(read.value, { stream: true })).split(/\r?\n\r?\n/);
    text = blocks.pop()!;
    for (const block of blocks) yield fieldsOf(block);
  }
}

function fieldsOf(block: string): ServerSentEvent {
  const fields: Record<string, string> = {};
  for (const line of block.split(/\r?\n/)) {
    const [, name = '', value = ''] = /^(\w+)(?:: ?(.*))?$/.exec(line) ?? [];
    if (name === 'data' && fields.data !== undefined) fields.data += `\n${value}`;
    else if (name !== '') fields[name] = value;
  }
  return fields;
}
