"""Under which id things of a person are kept that hold for all their accounts.

That is the directory's id where a platform account is matched to a record there, else the account itself.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from assistant.mentions import LOCAL_TENANT
from assistant.storage.statements import Statement

_PROFILE = Statement("SELECT @text(profile) AS profile FROM people WHERE tenant = :tenant AND id = :person_id")
_ANYTHING: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def home_of(connection: sa.Connection, tenant: str, person_id: str) -> tuple[str, str]:
    """Return the tenant and the id that the person's own things are kept under."""
    row = _PROFILE(connection, tenant=tenant, person_id=person_id).first()
    directory_id = _ANYTHING.validate_json(row.profile).get("directory_id") if row else None
    return (LOCAL_TENANT, str(directory_id)) if directory_id else (tenant, person_id)
