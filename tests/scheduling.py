"""Which tests share a worker of pytest-xdist: those of a file, and those of files that share something costly."""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling

ONE_DEMO = "tests/browser: one demo"
SHARING = {
    f"tests/browser/test_{name}.py": ONE_DEMO for name in ("demo", "drafts", "mailbox", "minutes", "minutes_library")
}


class FileScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """xdist's `loadfile`, but for files that share a session's fixture, and in the order of collection."""

    def __init__(self, config: Any, log: Any = None) -> None:
        config.option.loadscopereorder = False  # by number of tests: the longest few would come last
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return SHARING.get(file, file)
