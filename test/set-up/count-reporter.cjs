const { writeFileSync } = require('node:fs');

/**
 * Writes how many tests passed and failed to the file that bin/run-tests.mjs names; a test file that did not run at
 * all counts as one failure.
 */
module.exports = class CountReporter {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
    const file = process.env.POSTHORN_TEST_COUNT_FILE;
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    if (file) writeFileSync(file, JSON.stringify({ passed: numPassedTests, failed }));
  }
};
