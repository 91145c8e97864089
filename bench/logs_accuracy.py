"""Measure how well messages are grouped into templates, beside Drain3 on the same lines.

Needs LogHub-shaped folders: SYSTEM/…_structured_corrected.csv (or …_structured.csv) with the
columns Content and EventTemplate. One configuration serves all systems.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

from workers.logs.templates import mine

# The masks of the example drain3.ini in the Drain3 repository, unchanged.
_EDGE_BEFORE, _EDGE_AFTER = r"((?<=[^A-Za-z0-9])|^)", r"((?=[^A-Za-z0-9])|$)"
_DRAIN3_MASKS = (
    (_EDGE_BEFORE + r"(([0-9a-f]{2,}:){3,}([0-9a-f]{2,}))" + _EDGE_AFTER, "ID"),
    (_EDGE_BEFORE + r"(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})" + _EDGE_AFTER, "IP"),
    (_EDGE_BEFORE + r"([0-9a-f]{6,} ?){3,}" + _EDGE_AFTER, "SEQ"),
    (_EDGE_BEFORE + r"([0-9A-F]{4} ?){4,}" + _EDGE_AFTER, "SEQ"),
    (_EDGE_BEFORE + r"(0x[a-f0-9A-F]+)" + _EDGE_AFTER, "HEX"),
    (_EDGE_BEFORE + r"([\-\+]?\d+)" + _EDGE_AFTER, "NUM"),
    (r"(?<=executed cmd )(\".+?\")", "CMD"),
)

Scores = dict[str, float]
Miner = Callable[[Sequence[str]], Sequence[Hashable]]


def measure(folder: Path) -> dict[str, object]:
    """Return mean GA, FGA and purity over the systems, each system's own, and Drain3's means.

    Raises:
        FileNotFoundError: the folder holds no labelled system.
    """
    tables = _tables(folder)
    if not tables:
        raise FileNotFoundError(f"no *_structured_corrected.csv or *_structured.csv below {folder}")
    ours: dict[str, Scores] = {}
    drains: dict[str, Scores] = {}
    for system, table in tables.items():
        messages, labels = _labelled(table)
        ours[system] = grouping_scores([template.text for template in mine(messages)], labels)
        drain3 = drain3_groups(messages)
        if drain3 is not None:
            drains[system] = grouping_scores(drain3, labels)
        _print_row(system, ours[system], drains.get(system))
    return {**_mean(ours), "per_system": ours, "drain3": _mean(drains) if drains else {}}


def grouping_scores(predicted: Sequence[Hashable], labels: Sequence[str]) -> Scores:
    """Return GA (share of lines in an exactly right group), FGA (its F1 over groups) and purity."""
    groups: defaultdict[Hashable, Counter[str]] = defaultdict(Counter)
    for group, label in zip(predicted, labels, strict=True):
        groups[group][label] += 1
    label_lines = Counter(labels)
    exact = [
        group
        for group, inside in groups.items()
        if len(inside) == 1 and label_lines[next(iter(inside))] == inside.total()
    ]
    precision, recall = len(exact) / len(groups), len(exact) / len(label_lines)
    return {
        "ga": round(sum(groups[group].total() for group in exact) / len(labels), 4),
        "fga": round(2 * precision * recall / (precision + recall), 4) if exact else 0.0,
        "purity": round(sum(max(inside.values()) for inside in groups.values()) / len(labels), 4),
    }


def drain3_groups(messages: Sequence[str]) -> list[int] | None:
    """Return Drain3's cluster of each message with its example configuration; None without Drain3."""
    try:
        from drain3 import TemplateMiner as Drain3Miner
        from drain3.masking import MaskingInstruction
        from drain3.template_miner_config import TemplateMinerConfig
    except ImportError:
        return None
    config = TemplateMinerConfig()
    config.drain_extra_delimiters = ["_"]
    config.masking_instructions = [MaskingInstruction(pattern, mask) for pattern, mask in _DRAIN3_MASKS]
    miner = Drain3Miner(config=config)
    return [int(miner.add_log_message(message)["cluster_id"]) for message in messages]


def _tables(folder: Path) -> dict[str, Path]:
    tables = {path.parent.name: path for path in sorted(folder.glob("**/*_structured.csv"))}
    tables.update({path.parent.name: path for path in sorted(folder.glob("**/*_structured_corrected.csv"))})
    return dict(sorted(tables.items()))


def _labelled(table: Path) -> tuple[list[str], list[str]]:
    with table.open(encoding="utf-8", errors="replace", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [row["Content"] for row in rows], [row["EventTemplate"] for row in rows]


def _mean(scores: dict[str, Scores]) -> Scores:
    return {
        name: round(sum(system[name] for system in scores.values()) / len(scores), 4)
        for name in ("ga", "fga", "purity")
    }


def _print_row(system: str, ours: Scores, drain3: Scores | None) -> None:
    beside = f"   Drain3 {drain3['ga']:.3f} {drain3['fga']:.3f} {drain3['purity']:.3f}" if drain3 else ""
    print(f"{system:14} GA {ours['ga']:.3f} FGA {ours['fga']:.3f} purity {ours['purity']:.3f}{beside}")
