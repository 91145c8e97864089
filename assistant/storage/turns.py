"""Writers of one process take turns on SQLite, and those who wait share a commit.

SQLite has one writer at a time, and lets those who wait look again at intervals that grow: with 16 threads the
unlucky waited 1.4 s where all together took 0.8. So the writers of a process queue here, first come first served,
before they ask SQLite. What a commit costs is the disk's flush, 4 to 12 ms on a busy machine; so a writer whom
others wait for does not commit but hands the open transaction on, and whoever is last, or the GROUP_AT_MOST-th,
commits for all. Each returns only once that commit is through. Each but the first writes behind a savepoint, so that
one who fails takes back its own writes and nobody else's; if the commit fails, it has failed for all.

What a power cut may take back (`flushes=False`: a placeholder's place, which is found again by its key) does not wait
for the disk, nor keep others waiting: such a writer may join those who flush, and never the other way round.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from assistant.errors import DependencyUnavailable

GROUP_AT_MOST = 16  # writers to a commit: other processes wait meanwhile
_AWAY_SECONDS = 5


class _Group:
    """One transaction and everybody who wrote in it."""

    def __init__(self, engine: sa.Engine, flushes: bool) -> None:
        self.connection = engine.connect()
        self.flushes = flushes
        self.members = 0
        self.error: Exception | None = None
        self.over = threading.Event()
        try:
            if not flushes:
                self._set("NORMAL")
            self._transaction = self.connection.begin()
        except BaseException:
            self.connection.invalidate()
            self.connection.close()
            raise

    @property
    def is_alive(self) -> bool:
        """False once SQLite has given the transaction up by itself, as it may when the disk is full."""
        return bool(self.connection.connection.dbapi_connection.in_transaction)  # type: ignore[union-attr]

    def end(self, *, commit: bool) -> None:
        """Commit, or take everything back; whoever waits for it learns what came of it."""
        self.error = DependencyUnavailable("database: transaction given up", retry_after_seconds=_AWAY_SECONDS)
        try:
            if commit and self.is_alive:
                self._transaction.commit()
                self.error = None
            else:
                self._transaction.rollback()
        except sa.exc.SQLAlchemyError as error:
            self.error = error  # raised again by everybody who waits
            self.connection.invalidate()  # what state it is in nobody knows
        finally:
            if not self.flushes:
                self._set("FULL")
            self.connection.close()
            self.over.set()

    def _set(self, synchronous: str) -> None:
        """Say whether this connection's commits wait for the disk; outside transactions alone, as SQLite wants it."""
        if self.connection.invalidated:
            return
        driver: Any = self.connection.connection.driver_connection
        try:
            driver.execute(f"PRAGMA synchronous={synchronous}")
        except sqlite3.Error:  # a new connection begins with FULL
            self.connection.invalidate()


class _Waiter:
    def __init__(self, flushes: bool) -> None:
        self.flushes = flushes
        self.called = threading.Event()
        self.group: _Group | None = None  # handed on with the turn


class Turns:
    """The queue of one engine's writers."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()  # of the two below, and never held while anything is waited for
        self._is_taken = False
        self._waiting: deque[_Waiter] = deque()

    @contextlib.contextmanager
    def writing(self, *, timeout_seconds: float, flushes: bool = True) -> Iterator[sa.Connection]:
        """Write in a transaction that is committed, perhaps together with others', when the block is left.

        It is on the disk then, unless `flushes` is False: a process that dies still loses nothing of it, a power
        cut might.

        Raises:
            DependencyUnavailable: no turn came in time, or the shared commit did not.
        """
        group = self._wait(timeout_seconds, flushes)
        try:
            if group is not None and not group.is_alive:
                group.end(commit=False)
                group = None
            is_first = group is None
            group = group or _Group(self._engine, flushes)
        except BaseException:
            self._hand_on(None)
            raise
        group.members += 1
        try:
            with contextlib.nullcontext() if is_first else group.connection.begin_nested():
                yield group.connection
        except BaseException:
            if is_first:
                group.end(commit=False)
                self._hand_on(None)
            else:
                self._hand_on(group)
            raise
        self._hand_on(group)
        if not group.over.wait(2 * timeout_seconds):
            raise DependencyUnavailable("database: the commit takes too long", retry_after_seconds=_AWAY_SECONDS)
        if group.error is not None:
            raise group.error

    def _wait(self, timeout_seconds: float, flushes: bool) -> _Group | None:
        """Wait for the turn; return the open transaction that comes with it, if there is one."""
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return None
            waiter = _Waiter(flushes)
            self._waiting.append(waiter)
        if not waiter.called.wait(timeout_seconds):
            with self._lock:
                if not waiter.called.is_set():  # else the turn came this moment
                    self._waiting.remove(waiter)
                    raise DependencyUnavailable("database: no turn to write", retry_after_seconds=_AWAY_SECONDS)
        return waiter.group

    def _hand_on(self, group: _Group | None) -> None:
        """End this turn: the next in the queue gets it, and the open transaction with it or nobody, committed."""
        with self._lock:
            shares = group is not None and bool(self._waiting) and group.members < GROUP_AT_MOST
            shares = shares and group is not None and (group.flushes or not self._waiting[0].flushes)
        if group is not None and not shares:
            group.end(commit=True)
            group = None
        with self._lock:
            if self._waiting:
                following = self._waiting.popleft()
                following.group = group
                following.called.set()
                return
            self._is_taken = False
        if group is not None:  # who was waiting a moment ago has given up
            group.end(commit=True)
