"""The tool that reads on in a document: the passages around one that was found, or the document from its start."""

from __future__ import annotations

from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from workers.tools.evidence import Passage
from workers.tools.reading import Reading, show_passage

READ_LIMIT = 12  # chunks


@tool(response_format="content_and_artifact")
def read_document(passage: str, runtime: ToolRuntime[Any, Any]) -> tuple[str, list[Passage]]:
    """Read the text around a passage that a search returned, for example when a list is cut off.

    `passage` is a handle such as P1.
    """
    reading: Reading = runtime.context.reading  # Any: a typed context would have to be a schema
    found = reading.evidence.get(passage)
    if found is None:
        return f"There is no passage {passage!r}. Use a handle that a search returned.", []
    reading.report("reading", f"reading on in {found.chunk.title}")
    chunks = reading.knowledge.read(
        str(found.chunk.document_id), groups=reading.groups, around_chunk=str(found.chunk.id), limit=READ_LIMIT
    )
    passages = reading.evidence.add_read(chunks)
    if not passages:
        return "That document can't be read any more.", []
    return "\n\n".join(show_passage(one) for one in passages), passages
