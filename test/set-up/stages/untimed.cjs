const { isTimed } = require('./timed-tests.cjs');

/** For Jest's option --filter: the tests that may run beside each other. */
module.exports = (paths) => ({ filtered: paths.filter((path) => !isTimed(path)) });
