"""Text on its way to Slack: escaped, without power over anyone, and cut where a reader would.

Documents and models may say `<!channel>`, `<@U123>` or a link with a false name. Escaped, those are characters.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_LINK = re.compile(r"\]\(")
_QUOTE_MARK = re.compile(r"^((?:&gt; ?)+)", re.MULTILINE)
_HALF_ENTITY = re.compile(r"&[a-z]{0,3}$")
_FENCE = "```"


def escape(text: str) -> str:
    """Return the text with the three characters that Slack gives meaning to spelt as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def safe_markdown(text: str) -> str:
    """Return Markdown that formats but neither links nor pings; quotation marks at a line's start stay."""
    escaped = _LINK.sub("] (", escape(text))
    return _QUOTE_MARK.sub(lambda match: match.group(1).replace("&gt;", ">"), escaped)


def plain(text: str) -> str:
    """Return text for mrkdwn that shows as it is: escaped, and its own * _ ~ ` can't pair up."""
    return re.sub(r"([*_~`])", "\\1\u2060", escape(text))


def link(url: str | None, label: str) -> str:
    """Return the label as a mrkdwn link, or bold when the address is none that a browser should follow."""
    shown = plain(label).replace("|", "¦") or "document"
    if url is None or not is_web_address(url):
        return f"*{shown}*"
    address = (
        url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C").replace(" ", "%20")
    )
    return f"<{address}|{shown}>"


def is_web_address(url: str) -> bool:
    """Return whether a browser should follow it."""
    return urlsplit(url).scheme in ("http", "https")


def shorten(text: str, limit: int) -> str:
    """Return the text, or its beginning up to a word's end with an ellipsis, in at most `limit` characters."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    at_word = cut.rsplit(None, 1)[0] if " " in cut[limit // 2 :] else cut
    return _HALF_ENTITY.sub("", at_word).rstrip() + "…"


def split_markdown(text: str, limit: int) -> list[str]:
    """Cut Markdown into pieces of at most `limit` characters: between paragraphs, else lines, sentences, words.

    A code fence that is cut is closed at the end of one piece and opened again in the next.
    """
    pieces: list[str] = []
    rest = text.strip("\n")
    room = limit - 2 * len(_FENCE) - 2  # for a fence closed here and opened again there
    while len(rest) > limit:
        at = _cut(rest, room)
        piece, rest = rest[:at].rstrip(), rest[at:].lstrip("\n")
        if piece.count(_FENCE) % 2:
            piece, rest = f"{piece}\n{_FENCE}", f"{_FENCE}\n{rest}"
        pieces.append(piece)
    return [*pieces, rest] if rest.strip() or not pieces else pieces


def _cut(text: str, room: int) -> int:
    window = text[:room]
    least = room // 3  # a piece that is nearly empty reads worse than one that ends between two sentences
    for end in ("\n\n", "\n", ". ", " "):
        found = window.rfind(end)
        if found >= least:
            return found + len(end)
    half = _HALF_ENTITY.search(window)
    return half.start() if half and half.start() else room
