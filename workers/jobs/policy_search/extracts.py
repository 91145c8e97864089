"""Cut a passage into the units an extractive answer is made of: sentences, list items with their lead-in, table rows.

A unit keeps its exact wording (`quotes`, verbatim slices of the chunk) beside the text it is shown as.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workers.tools.evidence import Passage
from workers.validation.injection import is_order

LONGEST_UNIT_CHARS = 700
LONGEST_LIST_ITEMS = 8
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|approx|incl|max|min|no|nr|vs|cf|mr|mrs|ms|dr|st|dept|art|sec)\.)$", re.I
)
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]*_]*\s+(?=[\"'“‘(\[*_]*[A-Z0-9ÄÖÜÉ¿¡])")
_ITEM = re.compile(r"^(\s*)(?:[-*+•–]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+(?:\[[ xX]\]\s+)?(.*)$")
_TABLE_RULE = re.compile(r"^\s*\|?[\s:|-]+\|[\s:|-]*$")
# What a document says about itself, at its head: never an answer, and near every question about its title.
_FACT_SHEET = re.compile(
    r"^\W*(?:version|effective[ _]from|effective[ _]to|valid from|owner(?:[ _]?e-?mail)?|contact|regions?|status|"
    r"classification|supersedes|last (?:reviewed|updated)|document (?:id|number)|title|stand|g[üu]ltig ab|"
    r"verantwortlich)\s*(?:—|:|\|)",
    re.I,
)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$")


@dataclass(frozen=True, slots=True)
class Extract:
    """One unit of one passage. `head` is what it hangs on (lead-in or column names), for matching and for showing."""

    passage: Passage
    text: str  # as shown
    quotes: tuple[str, ...]  # verbatim; at least one
    head: str = ""  # lead-in, or the table's header
    kind: str = "sentence"  # sentence, item, row
    place: int = 0  # position within the passage
    heading: str = ""  # a heading that stands inside the chunk's text, above this unit

    @property
    def shown(self) -> str:
        """The text as people read it: a list item after what introduces it."""
        return f"{self.head}: {self.text}" if self.kind == "item" and self.head else self.text


def extracts_of(passage: Passage) -> list[Extract]:
    """Return the units of a passage, in order, leaving out what speaks to assistants rather than to people."""
    units = [unit for unit in _units(passage) if _is_for_people(unit.text)]
    return [
        Extract(one.passage, one.text, one.quotes, one.head, one.kind, place, one.heading)
        for place, one in enumerate(units)
    ]


def _is_for_people(text: str) -> bool:
    return any(map(str.isalnum, text)) and not _FACT_SHEET.match(text) and not is_order(text)


def _units(passage: Passage) -> Iterator[Extract]:
    heading = ""
    for block in _blocks(passage.chunk.text):
        match = _HEADING.match(block[0])
        if match and len(block) == 1:
            heading = match.group(1)
        elif _is_table(block):
            yield from _rows(passage, block, heading)
        elif _is_rest_of_table(block):
            for line in block:
                cells = [cell for cell in _cells(line) if cell]
                if cells and not _TABLE_RULE.match(line):
                    yield Extract(passage, " — ".join(cells), (line.strip(),), kind="row", heading=heading)
        elif any(_ITEM.match(line) for line in block):
            yield from _items(passage, block, heading)
        else:
            for sentence in sentences("\n".join(block)):
                yield Extract(passage, _tidy(sentence), (sentence,), heading=heading)


def _blocks(text: str) -> Iterator[list[str]]:
    """Paragraphs, lists (with the line that introduces them) and tables, as lines."""
    block: list[str] = []
    for line in text.splitlines():
        if _HEADING.match(line):
            if block:
                yield block
            yield [line]
            block = []
        elif line.strip():
            block.append(line)
        elif block and not _introduces(block[-1]) and not _ITEM.match(block[-1]):
            yield block
            block = []
    if block:
        yield block


def _introduces(line: str) -> bool:
    return line.rstrip(" *_").endswith(":")


def _is_table(block: list[str]) -> bool:
    return any(_TABLE_RULE.match(line) for line in block[1:]) and sum("|" in line for line in block) >= 2


def _is_rest_of_table(block: list[str]) -> bool:
    """True for rows whose header stands in the passage before."""
    return all(line.strip().startswith("|") and line.count("|") >= 3 for line in block)


def _rows(passage: Passage, block: list[str], heading: str) -> Iterator[Extract]:
    rule = next(index for index, line in enumerate(block) if index and _TABLE_RULE.match(line))
    columns = _cells(block[rule - 1])
    lead = " ".join(line.strip() for line in block[: rule - 1])
    if lead:
        for sentence in sentences(lead):
            yield Extract(passage, _tidy(sentence), (sentence,), heading=heading)
    for line in block[rule + 1 :]:
        cells = _cells(line)
        if "|" not in line:
            yield Extract(passage, _tidy(line), (line.strip(),), heading=heading)
            continue
        shown = _show_row(columns, cells)
        if shown:
            yield Extract(
                passage,
                shown,
                (line.strip(), block[rule - 1].strip()),
                head=f"{lead} {' '.join(columns)}".strip(),
                kind="row",
                heading=heading,
            )


def _show_row(columns: list[str], cells: list[str]) -> str:
    """Return "Berlin: Allowance 30 EUR; Meals 12 EUR", the first cell being what the row is about."""
    pairs = [
        f"{column}: {cell}" if column else cell
        for column, cell in zip(columns[1:], cells[1:], strict=False)
        if cell and cell not in {"-", "–", "—"}
    ]
    first = cells[0] if cells else ""
    if not pairs:
        return first
    return f"{first} — {'; '.join(pairs)}" if first else "; ".join(pairs)


def _cells(line: str) -> list[str]:
    return [_tidy(cell) for cell in line.strip().strip("|").split("|")]


def _items(passage: Passage, block: list[str], heading: str) -> Iterator[Extract]:
    """Lists and the lines between them: a line that ends with a colon introduces the items below it."""
    lead: list[str] = []  # lines since the last item
    introduction: list[str] = []  # the lead of the items being read
    item: list[str] = []
    for line in block:
        match = _ITEM.match(line)
        if match:
            yield from _item(passage, item, introduction, heading)
            if lead:
                introduction = lead
                yield from _lead(passage, lead, heading)
            item, lead = [match.group(2)], []
        elif item and (line[:1] in " \t" and not _introduces(line)):
            item.append(line.strip())
        else:
            yield from _item(passage, item, introduction, heading)
            item = []
            lead.append(line.strip())
    yield from _item(passage, item, introduction, heading)
    if lead:
        yield from _lead(passage, lead, heading)
    yield from _whole_list(passage, block, heading)


def _whole_list(passage: Passage, block: list[str], heading: str) -> Iterator[Extract]:
    """A short list with its introduction as one unit: the answer to "which …" and "what do I need"."""
    lines = [line for line in block if line.strip()]
    items = [match.group(2).strip() for line in lines if (match := _ITEM.match(line))]
    lead = lines[0].strip()
    one_list = len(items) == len(lines) - 1 and not _ITEM.match(lines[0])
    introduction = sentences(lead)[-1] if lead else ""
    text = f"{_tidy(introduction)} {'; '.join(_tidy(item).rstrip('.;,') for item in items)}."
    if one_list and 2 <= len(items) <= LONGEST_LIST_ITEMS and _introduces(lead) and len(text) <= LONGEST_UNIT_CHARS:
        yield Extract(passage, text, (introduction, *items), kind="list", heading=heading)


def _lead(passage: Passage, lead: list[str], heading: str) -> Iterator[Extract]:
    """The sentences before a list, but for the one that only introduces it."""
    for sentence in sentences("\n".join(lead)):
        if not _introduces(sentence):
            yield Extract(passage, _tidy(sentence), (sentence,), heading=heading)


def _item(passage: Passage, item: list[str], lead: list[str], heading: str) -> Iterator[Extract]:
    text = " ".join(item)
    if not text.strip():
        return
    introduction = sentences(" ".join(lead))[-1] if lead and _introduces(lead[-1]) else ""
    parts = [text] if len(text) <= LONGEST_UNIT_CHARS else list(sentences(text))
    for part in parts:
        yield Extract(
            passage,
            _tidy(part),
            (part, introduction) if introduction else (part,),
            head=_tidy(introduction).rstrip(":"),
            kind="item",
            heading=heading,
        )


def sentences(text: str) -> list[str]:
    """Split running text into sentences, verbatim but for surrounding white space; abbreviations don't end one."""
    flat = text.strip()
    if not flat:
        return []
    found: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(flat):
        candidate = flat[start : match.start()].strip()
        if _ABBREVIATION.search(candidate) or len(candidate) < 3:
            continue
        ending = flat[match.start() : match.end()].rstrip()
        found.append((candidate + ending).strip())
        start = match.end()
    found.append(flat[start:].strip())
    return [part for one in found if one for part in _cut(one)]


def _cut(sentence: str) -> list[str]:
    if len(sentence) <= LONGEST_UNIT_CHARS:
        return [sentence]
    parts = re.split(r"(?<=;)\s+", sentence)
    return [
        piece[:LONGEST_UNIT_CHARS].rsplit(" ", 1)[0] if len(piece) > LONGEST_UNIT_CHARS else piece for piece in parts
    ]


def _tidy(text: str) -> str:
    """Return the text as shown: one line, without Markdown's emphasis, links reduced to their words."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"<https?://[^>]+>|<[^>]{1,40}>", " ", text)
    return " ".join(re.sub(r"[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}", "", text).split()).strip()
