import { stopAll } from './running-servers.ts';

export default stopAll;
