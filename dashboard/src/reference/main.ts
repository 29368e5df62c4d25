import { addSearch } from './search.ts';
import { addTryIt } from './try-it.ts';

// The page /docs is complete without scripts. This one adds a search, and a form to each call.
addSearch();
addTryIt();
