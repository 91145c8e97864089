"""The record of one run: every model and tool call with its time, tokens and outcome; it becomes the receipt."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from assistant.jobs import Call
from assistant.observability import MODEL_COST_USD, MODEL_TOKENS, Stopwatch
from workers.llm.model_entry import ModelEntry
from workers.llm.prices import cost_usd


@dataclass
class Timing:
    """One call under way; the caller fills in what came of it."""

    ok: bool = True
    detail: str = ""
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass
class Trace:
    """Calls in the order they ended. `cost_usd` is None as soon as one call has no known price."""

    stopwatch: Stopwatch
    calls: list[Call] = field(default_factory=list)
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    tokens_estimated: bool = False
    _started: float = field(default_factory=time.perf_counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self._started

    @property
    def model_calls(self) -> int:
        """Model calls that were made, failed ones included."""
        return sum(call.type == "model" for call in self.calls)

    @property
    def tool_calls(self) -> int:
        """Tool calls that were made."""
        return sum(call.type == "tool" for call in self.calls)

    @contextmanager
    def call(self, kind: str, name: str, *, stage: str) -> Iterator[Timing]:
        """Time the block as one call, and add it to the stopwatch's stage; an exception marks it as failed."""
        timing, begun = Timing(), time.perf_counter()
        try:
            yield timing
        except BaseException as error:
            timing.ok, timing.detail = False, timing.detail or type(error).__name__
            raise
        finally:
            took_ms = (time.perf_counter() - begun) * 1000
            with self._lock:
                self.stopwatch.add(stage, took_ms)
                self.calls.append(
                    Call.model_validate(
                        {
                            "type": kind,
                            "name": name,
                            "at_ms": round((begun - self._started) * 1000, 2),
                            "took_ms": round(took_ms, 2),
                            "ok": timing.ok,
                            "input_tokens": timing.input_tokens,
                            "output_tokens": timing.output_tokens,
                            "detail": timing.detail,
                        }
                    )
                )

    def spend(self, entry: ModelEntry, usage: Mapping[str, Any], *, estimated: bool) -> None:
        """Count the tokens and the money of one model call."""
        taken, given = int(usage.get("input_tokens") or 0), int(usage.get("output_tokens") or 0)
        cost = cost_usd(entry, usage)
        with self._lock:
            self.input_tokens += taken
            self.output_tokens += given
            self.tokens_estimated = self.tokens_estimated or estimated
            self.cost_usd = None if cost is None or self.cost_usd is None else self.cost_usd + cost
        MODEL_TOKENS.labels(entry.label, "input").inc(taken)
        MODEL_TOKENS.labels(entry.label, "output").inc(given)
        if cost:
            MODEL_COST_USD.labels(entry.label).inc(cost)
