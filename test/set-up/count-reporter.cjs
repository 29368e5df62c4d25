const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');

/**
 * Writes how many tests passed and failed, and the names of the failed, to the file that bin/run-tests.mjs names; a test file
 * that did not run at all counts as one failure.
 */
module.exports = class CountReporter {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, testResults }) {
    const file = process.env.POSTHORN_TEST_COUNT_FILE;
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    if (file)
      writeFileSync(
        file,
        JSON.stringify({ passed: numPassedTests, failed, failures: testResults.flatMap(failuresOf) }),
      );
  }
};

function failuresOf({ testFilePath, testExecError, testResults }) {
  const path = relative(process.cwd(), testFilePath);
  const names = testResults
    .filter(({ status }) => status === 'failed')
    .map(({ fullName }) => `${path}: ${fullName}`);
  return testExecError ? [`${path}: the file did not run`, ...names] : names;
}
