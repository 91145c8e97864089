"""The log bench: scores that are right, incidents that hold their own answer, one JSON line at the end."""

import csv
import json
from datetime import datetime
from pathlib import Path

import pytest

from bench.incident_cases import CASES
from bench.incident_healthy import HEALTHY
from bench.incidents import generate, generate_healthy
from bench.logs import main
from bench.logs_accuracy import grouping_scores
from bench.logs_speed import evenly_over, write_mixed_log


def test_exact_groups_score_one_and_merged_ones_lose() -> None:
    labels = ["a", "a", "b", "c"]

    assert grouping_scores([1, 1, 2, 3], labels) == {"ga": 1.0, "fga": 1.0, "purity": 1.0}
    assert grouping_scores([1, 1, 2, 2], labels) == {"ga": 0.5, "fga": 0.4, "purity": 0.75}
    assert grouping_scores([1, 2, 3, 4], labels)["ga"] == 0.5


def test_cases_differ_and_cover_more_than_twenty_causes() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 20
    assert len({case.key for case in CASES}) >= 20
    assert len(HEALTHY) == 6


@pytest.mark.parametrize("mixed", [True, False])
def test_a_generated_incident_holds_its_key_message_at_its_first_bad_time(tmp_path: Path, mixed: bool) -> None:
    case = CASES[2]

    generated = generate(case, tmp_path / "logs", 3_000, seed=5, mixed=mixed)

    text = "".join(path.read_text() for path in generated.paths)
    assert case.key in text
    assert isinstance(generated.first_bad, datetime)
    assert generated.lines > 2_000
    assert len(generated.paths) == (1 if mixed else 7)


def test_the_same_seed_gives_the_same_incident(tmp_path: Path) -> None:
    first = generate(CASES[0], tmp_path / "a", 2_000, seed=9, mixed=True)
    second = generate(CASES[0], tmp_path / "b", 2_000, seed=9, mixed=True)

    assert first.paths[0].read_bytes() == second.paths[0].read_bytes()


def test_a_healthy_day_has_no_gold_cause(tmp_path: Path) -> None:
    assert generate_healthy(HEALTHY[0], tmp_path / "day", 2_000, seed=1).root is None


def test_the_accuracy_bench_ends_with_one_json_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "Toy"
    folder.mkdir()
    with (folder / "Toy_2k.log_structured_corrected.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["Content", "EventTemplate"])
        table.writerows([[f"job {n} done", "job <*> done"] for n in range(5)] + [["idle", "idle"]])

    code = main(["--data", str(tmp_path), "--only", "accuracy"])

    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert code == 0
    assert (figures["ga"], figures["fga"], figures["purity"]) == (1.0, 1.0, 1.0)
    assert figures["per_system"]["Toy"]["ga"] == 1.0
    assert set(figures["drain3"]) <= {"ga", "fga", "purity"}


def test_the_mixed_log_has_the_lines_it_was_asked_for(tmp_path: Path) -> None:
    write_mixed_log(tmp_path / "mixed.log", 500)

    assert (tmp_path / "mixed.log").read_text().count("\n") == 500


def test_lines_for_a_comparison_lie_evenly_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "numbers.log"
    path.write_text("".join(f"{number}\n" for number in range(1_000)))

    drawn = evenly_over(path, 1_000, wanted=100, block_lines=10)

    assert len(drawn) == 100
    assert [int(line) // 10 for line in drawn[::10]] == list(range(0, 100, 10))
    assert len(evenly_over(path, 1_000, wanted=5_000, block_lines=10)) == 1_000
