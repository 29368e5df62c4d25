/** A path with ids in it. Throws a TypeError for one that would make it another path: URLs resolve `..`. */
export function idPath(texts: TemplateStringsArray, ...ids: string[]): string {
  return texts.reduce((start, text, i) => start + segment(ids[i - 1]!) + text);
}

function segment(id: string): string {
  if (typeof id !== 'string' || ['', '.', '..'].includes(id)) throw new TypeError(`${id} is no id`);
  return encodeURIComponent(id);
}
