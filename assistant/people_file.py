"""Read a people file (TOML): who works here, what they may read, and what they may run.

    [[people]]
    id = "p-anna"           # stable; what --as and the web page use
    name = "Anna Example"
    email = "anna@example.test"
    role = "employee"       # employee, hr, engineer or admin
    groups = ["employees"]  # what they may read; "everyone" is implied
    title = "…"             # anything else is kept as the person's profile

The demo's people come from such a file, and so may a company's, until a directory is connected.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import RequestInvalid
from assistant.storage.people_store import PersonProfile


class _Row(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: str = Field(min_length=1, max_length=255)
    name: str = Field(min_length=1)
    email: str | None = None
    role: str = Field("employee", pattern="^(employee|hr|engineer|admin)$")
    groups: tuple[str, ...] = ()


def read_people(path: Path) -> list[PersonProfile]:
    """Return the people of the file, in its order.

    Raises:
        RequestInvalid: the file cannot be read, is not TOML, or a person lacks what is needed.
    """
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("people", [])
        return [_profile(_Row.model_validate(row)) for row in rows]
    except OSError as error:
        raise RequestInvalid(f"{path} can't be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RequestInvalid(f"{path} isn't a TOML file: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise RequestInvalid(f"{path}: a person's {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error


def _profile(row: _Row) -> PersonProfile:
    return PersonProfile(
        id=row.id,
        name=row.name,
        email=row.email,
        role=row.role,
        groups=row.groups,
        profile=dict(row.model_extra or {}),
    )
