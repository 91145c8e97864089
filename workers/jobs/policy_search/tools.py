"""Which tools an agent that answers policy questions may call: reading only."""

from __future__ import annotations

from langchain_core.tools import BaseTool

from workers.tools.read_document import read_document
from workers.tools.search_documents import search_documents

FIRST_TOOL = search_documents.name
TOOLS: tuple[BaseTool, ...] = (search_documents, read_document)
