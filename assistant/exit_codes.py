"""What every `steward` command's exit status means, so that scripts can tell the three outcomes apart."""

from __future__ import annotations

SUCCESS = 0
FAILURE = 1  # it could not be done; the message says why
USAGE = 2  # the command line itself is wrong (argparse's own status)
REFUSED = 3  # it ran, and the honest outcome is a refusal, nothing found, or a part that failed
RECYCLED = 75  # a worker that wore out (WORKER_MEMORY_MB, WORKER_MAX_JOBS) and wants to be started again
INTERRUPTED = 130  # Ctrl-C, as shells count it
