"""The tool that searches the company's documents, on behalf of whoever asked."""

from __future__ import annotations

from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from assistant.knowledge.chunks import SearchQuery
from workers.tools.evidence import Passage
from workers.tools.reading import Reading, show_passage

SEARCH_LIMIT = 12  # chunks: about 3,000 tokens; more hits beat wider ones in the same budget (retrieval notes)


@tool(response_format="content_and_artifact")
def search_documents(query: str, runtime: ToolRuntime[Any, Any]) -> tuple[str, list[Passage]]:
    """Search the company's policies and handbooks. Returns passages with handles such as P1.

    Ask in the words a policy would use; for a follow-up question, write it so that it stands alone.
    """
    reading: Reading = runtime.context.reading  # Any: a typed context would have to be a schema
    reading.report("searching", "searching the documents")
    hits = reading.knowledge.search(
        SearchQuery(
            text=query,
            # A query in the asker's own words leans on the turn before; a rewritten one stands alone.
            previous_text=reading.previous_question if query.strip() == reading.question.strip() else None,
            groups=reading.groups,
            spaces=reading.spaces,
            limit=SEARCH_LIMIT,
            include_superseded=reading.include_superseded,
        )
    )
    passages = reading.evidence.add(hits)
    if not passages:
        return "Nothing was found in the documents the asker may read.", []
    reading.report("reading", f"reading {len(passages)} passages", passages=len(passages))
    return "\n\n".join(show_passage(passage) for passage in passages), passages
