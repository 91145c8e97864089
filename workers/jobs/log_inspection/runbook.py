"""Find the runbook or the past incident that the company's documents hold about a cause, and cite it.

Searched with the asker's rights, for the channel's readers. A passage counts only when it names the service and
shares words with the cause: a runbook of something else, shown with confidence, costs more at night than none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.access import readable_groups
from assistant.errors import StewardError
from assistant.jobs import Job, JobResult
from assistant.knowledge.chunks import Chunk, SearchQuery
from assistant.replies import Block, Citations, Paragraph
from workers.context import JobContext
from workers.logs.inspection_report import Inspection
from workers.tools.evidence import cite

LOOKED_AT = 12  # passages
LEAST_SHARED_WORDS = 2
QUOTE_CHARS = 400
SAID_CHARS = 200  # of the quote, in the answer itself
_KINDS = re.compile(
    r"\b(runbook|playbook|incident|post-?mortem|on-call|outage|troubleshooting|review)\b", re.IGNORECASE
)
_WORD = re.compile(r"[a-z]{4,}")
_WEAK = frozenset(
    ["from", "with", "that", "this", "right", "before", "after", "were", "logged", "service", "change", "begins"]
)


@dataclass(frozen=True, slots=True)
class Runbook:
    """A passage about the cause."""

    chunk: Chunk
    quote: str  # verbatim from the passage


def find_runbook(job: Job, context: JobContext, inspection: Inspection) -> Runbook | None:
    """Return the best passage about the cause that was found; None where there is no cause or no such passage."""
    service = inspection.root_cause_service
    if service is None:
        return None
    about = " ".join([inspection.cause, *(one.cause for one in inspection.hypotheses[:1])])
    text = f"runbook incident {service} {about}"[:500]
    query = SearchQuery(text=text, groups=readable_groups(job.mention), spaces=job.mention.spaces, limit=LOOKED_AT)
    try:
        hits = context.knowledge.search(query)
    except StewardError:  # the inspection stands without it
        return None
    words = _words(about) - _words(service)
    fitting = [(len(_words(hit.chunk.text) & words), hit) for hit in hits if _is_about(hit.chunk, service)]
    shared, best = max(fitting, key=lambda pair: (pair[0], pair[1].score), default=(0, None))
    if best is None or shared < LEAST_SHARED_WORDS:
        return None
    return Runbook(best.chunk, _quote(best.chunk.text, words))


def with_runbook(result: JobResult, runbook: Runbook | None) -> JobResult:
    """Return the result with the passage as a cited line, numbered after the citations it has."""
    if runbook is None:
        return result
    blocks = result.reply.blocks
    cited = [item for block in blocks if isinstance(block, Citations) for item in block.items]
    citation = cite(runbook.chunk, runbook.quote, number=max((item.number for item in cited), default=0) + 1)
    line = Paragraph(
        markdown=f"In your documents: {citation.title} says “{_one_line(runbook.quote)}” [{citation.number}]"
    )
    kept: list[Block] = [block for block in blocks if not isinstance(block, Citations)]
    place = next((number for number, block in enumerate(blocks) if isinstance(block, Citations)), 1)
    kept[place:place] = [line, Citations(items=(*cited, citation))]
    return result.model_copy(update={"reply": result.reply.model_copy(update={"blocks": tuple(kept)})})


def _is_about(chunk: Chunk, service: str) -> bool:
    everything = f"{chunk.title} {chunk.section} {chunk.text}".lower()
    return service.lower() in everything and bool(_KINDS.search(f"{chunk.title} {chunk.section} {chunk.path}"))


def _quote(text: str, words: set[str]) -> str:
    """Return the paragraph that says most about the cause, verbatim."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()] or [text.strip()]
    best = max(parts, key=lambda part: len(_words(part) & words))
    return best[:QUOTE_CHARS].strip()


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower())) - _WEAK


def _one_line(text: str) -> str:
    """Return the beginning without its marks of Markdown, cut between words; names_like_this stay."""
    words = " ".join(re.sub(r"^[#>\s]+|[*`|\[\]]+", "", text, flags=re.MULTILINE).split())
    if len(words) <= SAID_CHARS:
        return words
    return words[: SAID_CHARS + 1].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"
