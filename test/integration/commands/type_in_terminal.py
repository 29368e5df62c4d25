"""Runs a command with a terminal, and types into it: each step waits for a text in its output, then sends keys.

Arguments: the variables as JSON, the steps as JSON ([[text, keys], ...]), the command. Prints all output, and exits as it does.
"""

import json
import os
import pty
import select
import signal
import sys
import time

TIMEOUT_SECONDS = 90


def main() -> int:
    env, steps, command = json.loads(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(env)
        os.execvp(command[0], command)
    output, seen, until = "", 0, time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < until:
        for text, keys in steps[:1]:
            found = output.find(text, seen)
            if found >= 0:
                seen = found + len(text)
                os.write(terminal, keys.encode())
                steps.pop(0)
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                output += os.read(terminal, 65536).decode(errors="replace")
            except OSError:  # it has ended
                break
    else:
        os.kill(pid, signal.SIGKILL)
    sys.stdout.write(output)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


sys.exit(main())
