/** Read by test-posthorn.ts, and inherited by the processes that a test starts. */
process.env.POSTHORN_FIRST_ATTEMPT = 'express';
