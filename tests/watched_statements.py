"""Which statements a database is asked, past every layer of ours."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def watch_statements(engine: sa.Engine) -> list[str]:
    """Return a list that grows by the text of every statement from now on; on SQLite with its values filled in."""
    seen: list[str] = []
    if engine.dialect.name != "sqlite":
        sa.event.listen(engine, "before_cursor_execute", lambda _c, _u, sql, *_: seen.append(sql))
        return seen

    def watch(driver: Any, *_: object) -> None:
        driver.set_trace_callback(seen.append)

    sa.event.listen(engine, "checkout", watch)
    return seen
