/** What the pages call the service: the portal has the name of its project. */
let name = 'Posthorn';

export const product = (): string => name;

export function nameProduct(next: string): void {
  name = next;
}
