"""`make bench-logs`: how well and how fast logs are read, mined and explained.

The last line is one JSON object. `--only accuracy` needs labelled systems (`--data`); the
speed and incident parts generate what they need.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from bench import logs_accuracy

PARTS = ("accuracy",)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the parts asked for and print their figures, last as one JSON line."""
    parser = _parser()
    options = parser.parse_args(argv)
    parts = (options.only,) if options.only else PARTS
    figures: dict[str, object] = {}
    if options.only == "accuracy" and options.data is None:
        parser.error("accuracy needs --data DIR with labelled systems")
    if "accuracy" in parts and options.data is not None:
        figures.update(logs_accuracy.measure(options.data))
    print(json.dumps(figures))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench logs", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of labelled systems, LogHub's layout")
    parser.add_argument("--only", choices=PARTS, help="run one part")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
