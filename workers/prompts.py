"""Read prompt files: prompts are code that people read, one Markdown file a job, with a version of its own.

The version is the file's name and the hash of its text, so a receipt says exactly which words a model was given.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Prompt:
    """The text of one prompt file and its version, e.g. `policy_search@1f2e3d4c`."""

    name: str
    text: str

    @property
    def version(self) -> str:
        """The name, and the first 8 hexadecimal digits of the text's SHA-256."""
        return f"{self.name}@{hashlib.sha256(self.text.encode()).hexdigest()[:8]}"


@cache
def read_prompt(path: Path) -> Prompt:
    """Return the prompt in the file, named for its folder (a job kind) or, elsewhere, for the file.

    Read once a process: a changed prompt is a deployment, like changed code.
    """
    name = path.parent.name if path.stem == "prompt" else path.stem
    return Prompt(name=name, text=path.read_text(encoding="utf-8").strip())
