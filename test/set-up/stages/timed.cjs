const { isTimed } = require('./timed-tests.cjs');

/** For Jest's option --filter: the tests that run one at a time. */
module.exports = (paths) => ({ filtered: paths.filter(isTimed) });
