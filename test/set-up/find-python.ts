import { spawnSync } from 'node:child_process';

/** The command of a Python 3.9 or later, the oldest version that the SDK supports; undefined if there is none. */
export const findPython = (): string | undefined =>
  ['python3', 'python'].find((command) => {
    const { status } = spawnSync(command, ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']);
    return status === 0;
  });
