import { closeEventTests } from './cases/close-events.ts';
import { nexusTests } from './cases/nexus.ts';
import { sendWebhookTests } from './cases/send-webhook.ts';
import { startStage } from './cases/stage.ts';

// One Posthorn and one worker for all cases: they take longer to start than a case takes to run.
startStage();

describe('sending', sendWebhookTests);
describe('the Nexus operation', nexusTests);
describe('events of workflows that close', closeEventTests);
