/** A path with escaped ids. Throws a TypeError for an id that would change the path, such as `..`. */
export function idPath(texts: TemplateStringsArray, ...ids: string[]): string {
  return texts.reduce((start, text, i) => start + segment(ids[i - 1]!) + text);
}

function segment(id: string): string {
  if (typeof id !== 'string' || ['', '.', '..'].includes(id))
    throw new TypeError(`${JSON.stringify(id)} is not an id`);
  return encodeURIComponent(id);
}
