"""Log lines go to whatever standard error is now, carry their job, and never a secret."""

from __future__ import annotations

import contextlib
import io
import json
import logging

import pytest
import structlog

from assistant.observability import Stopwatch, bound, configure_logging


def test_lines_follow_standard_error_when_it_is_redirected() -> None:
    first, second = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(first):
        configure_logging("info", "json")
        structlog.get_logger().info("job.finished")
    first.close()
    with contextlib.redirect_stderr(second):
        structlog.get_logger().info("job.started")
        logging.getLogger("library").warning("slow answer")

    assert [json.loads(line)["event"] for line in second.getvalue().splitlines()] == ["job.started", "slow answer"]


@pytest.mark.parametrize(
    "secret", ["xoxb-" + "1234567890-abc", "sk-" + "proj0123456789abcdef", "Bearer " + "abcdefghijklmnop.qrs"]
)
def test_a_secret_never_reaches_a_line(secret: str) -> None:
    lines = io.StringIO()
    with contextlib.redirect_stderr(lines):
        configure_logging("info", "json")
        structlog.get_logger().warning("slack.refused", reason=f"token {secret} is revoked")

    assert secret not in lines.getvalue()
    assert "***" in lines.getvalue()


def test_the_job_is_on_every_line_of_its_block() -> None:
    lines = io.StringIO()
    with contextlib.redirect_stderr(lines):
        configure_logging("info", "json")
        with bound(job_id="j1"):
            structlog.get_logger().info("search.done")
        structlog.get_logger().info("worker.idle")

    inside, outside = (json.loads(line) for line in lines.getvalue().splitlines())
    assert inside["job_id"] == "j1"
    assert "job_id" not in outside


def test_a_stopwatch_adds_up_stages_of_one_name() -> None:
    watch = Stopwatch()
    watch.add("model", 2.0)
    watch.add("model", 3.5)

    assert watch.milliseconds == {"model": 5.5}
