"""`steward search`: what retrieval alone finds, ranked and with scores. No model, no answer."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from assistant import exit_codes
from assistant.access import EVERYONE, PUBLIC, groups_of
from assistant.errors import RequestInvalid
from assistant.knowledge.chunks import ScoredChunk, SearchQuery
from assistant.knowledge.search import distinct, documents_of, open_knowledge
from assistant.mentions import LOCAL_TENANT
from assistant.observability import configure_terminal_logging
from assistant.settings import load_settings
from assistant.storage.database import open_engine
from assistant.storage.migrate import migrate
from assistant.storage.people_store import PeopleStore

SHOWN_CHARS = 160


def main(argv: list[str]) -> int:
    """Search; return 0 when something was found, 3 when nothing was."""
    parser = argparse.ArgumentParser(prog="steward search", description="Search the documents, with scores.")
    parser.add_argument("words", help="what to look for")
    parser.add_argument("--as", dest="person", metavar="PERSON", help="on whose behalf: an id, e-mail or name")
    parser.add_argument("--limit", type=int, default=10, help="how many documents and passages (10)")
    parser.add_argument("--space", action="append", default=[], help="only this space; may be given again")
    parser.add_argument("--previous", help="the question before this one, for a follow-up")
    parser.add_argument("--include-superseded", action="store_true", help="old versions and replaced documents too")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded parts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args(argv)
    if not 1 <= arguments.limit <= 200:
        parser.error("--limit takes a number from 1 to 200")
    settings = load_settings(steward_data=arguments.data)
    configure_terminal_logging(settings.log_level, settings.log_format)
    engine = open_engine(settings.database)
    migrate(engine)
    knowledge = open_knowledge(settings, engine)
    query = SearchQuery(
        text=arguments.words,
        previous_text=arguments.previous,
        groups=_groups(PeopleStore(engine), arguments.person),
        limit=arguments.limit,
        spaces=tuple(arguments.space),
        include_superseded=arguments.include_superseded,
    )
    ranking = knowledge.rank(query)
    knowledge.close()
    _show(query, ranking, as_json=arguments.json)
    return exit_codes.SUCCESS if ranking else exit_codes.REFUSED


def _groups(people: PeopleStore, wanted: str | None) -> tuple[str, ...]:
    if wanted is None:
        return (EVERYONE, PUBLIC)
    found = people.find(LOCAL_TENANT, wanted)
    if len(found) != 1:
        raise RequestInvalid(f"{wanted!r} names {len(found)} people. `steward admin people list` gives the ids.")
    return groups_of(found[0])


def _show(query: SearchQuery, ranking: list[ScoredChunk], *, as_json: bool) -> None:
    documents = documents_of(ranking)[: query.limit]
    chunks = distinct(ranking)[: query.limit]
    if as_json:
        answer = {
            "query": query.text,
            "documents": [
                {**_document(found.best), "score": round(found.best.score, 4), "passages": found.passages}
                for found in documents
            ],
            "chunks": [_chunk(hit) for hit in chunks],
        }
        print(json.dumps(answer, ensure_ascii=False))
        return
    if not ranking:
        print("Nothing found among the documents you may read.")
    for number, hit in enumerate(chunks, start=1):
        text = " ".join(hit.chunk.text.split())
        place = " › ".join(filter(None, (hit.chunk.title, hit.chunk.section)))
        cosine = f", cosine {hit.cosine:.2f}" if hit.cosine is not None else ""
        print(f"{number:>2}. {place}  [{hit.chunk.space}/{hit.chunk.path}]  score {hit.score:.3f}{cosine}")
        print(f"    {text[:SHOWN_CHARS]}{'…' if len(text) > SHOWN_CHARS else ''}")


def _document(hit: ScoredChunk) -> dict[str, Any]:
    chunk = hit.chunk
    return {"path": chunk.path, "space": chunk.space, "title": chunk.title, "document_id": str(chunk.document_id)}


def _chunk(hit: ScoredChunk) -> dict[str, Any]:
    return {
        **_document(hit),
        "chunk_id": str(hit.chunk.id),
        "section": hit.chunk.section,
        "page": hit.chunk.page,
        "version": hit.chunk.version_label,
        "score": round(hit.score, 4),
        "cosine": None if hit.cosine is None else round(hit.cosine, 4),
        "bm25": None if hit.bm25 is None else round(hit.bm25, 4),
        "text": hit.chunk.text,
    }
