"""`make bench-logs`: how well and how fast logs are read, mined and explained.

The last line is one JSON object. `--only accuracy` needs labelled systems (`--data`); the
other parts generate what they need.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from bench import incidents, logs_accuracy, logs_scale, logs_speed

PARTS = ("accuracy", "speed", "scale", "incidents")


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
    if "speed" in parts:
        figures["speed"] = logs_speed.measure(options.lines)
    if "scale" in parts:
        figures["scale"] = logs_speed.by_itself(logs_scale.measure, options.gb)
    if "incidents" in parts:
        figures["incidents"] = incidents.measure(options.incident_lines, seed=options.seed)
    print(json.dumps(figures))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench logs", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of labelled systems, LogHub's layout")
    parser.add_argument("--only", choices=PARTS, help="run one part")
    parser.add_argument("--lines", type=int, default=logs_speed.LINES, help="lines of the speed log")
    parser.add_argument(
        "--gb", type=float, default=logs_scale.QUICK_GIGABYTES, help="of the archive; 5 is the full one"
    )
    parser.add_argument("--incident-lines", type=int, default=incidents.QUICK_LINES, help="lines of each incident")
    parser.add_argument("--seed", type=int, default=incidents.SEED, help="of the generated incidents")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
