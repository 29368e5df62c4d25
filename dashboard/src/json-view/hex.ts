const WIDTH = 16;

/** `00000010  7b 22 61 22 …  {"a"…`, as `hexdump -C` writes it. */
export function hexLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += WIDTH) {
    const row = bytes.subarray(offset, offset + WIDTH);
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, '0'));
    const halves = [hex.slice(0, 8).join(' '), hex.slice(8).join(' ')].join('  ');
    const text = [...row].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));
    lines.push(`${offset.toString(16).padStart(8, '0')}  ${halves.padEnd(48)}  ${text.join('')}`);
  }
  return lines;
}
