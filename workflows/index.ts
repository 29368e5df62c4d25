export { deliver } from './deliver.ts';
export { installation } from './installation.ts';
export { recover } from './recover.ts';
