export { deliver } from './deliver.ts';
export { recover } from './recover.ts';
