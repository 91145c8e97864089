"""A worker process of bench/queues.py.

python -m bench.queue_child NAME FILE_DESCRIPTOR < addresses.json
"""

from __future__ import annotations

import json
import os
import sys
import time

from assistant.observability import configure_logging
from bench.queue_contenders import CONTENDERS, Addresses


def main(argv: list[str]) -> int:
    """Work for one contender until killed."""
    name, descriptor = argv[0], int(argv[1])
    configure_logging("error", "console")

    def started(number: int) -> None:
        os.write(descriptor, f"{number} {time.monotonic()}\n".encode())  # short: one write is one piece in a pipe

    CONTENDERS[name](Addresses(**json.loads(sys.stdin.readline()))).serve(started)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
