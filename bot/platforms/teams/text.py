"""Markdown as Teams shows it, made safe: no HTML, no pictures, no links but ours, cut where a reader would."""

from __future__ import annotations

import re

_FENCE = re.compile(r"(```.*?(?:```|\Z))", re.DOTALL)
_CODE = re.compile(r"(`[^`\n]+`)")
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)")
_LINK = re.compile(r"\[([^\]\n]+)\]\((?:[^()\n]|\([^()\n]*\))*\)")
_AUTO_LINK = re.compile(r"<(?:https?|mailto):[^>\n]*>")
_BREAKS = ("\n\n", "\n", ". ", " ")


def safe_markdown(text: str) -> str:
    """Return Markdown without raw HTML, pictures and link targets; code keeps its characters."""
    parts = _FENCE.split(text)
    return "".join(part if part.startswith("```") else _prose(part) for part in parts)


def escape(text: str) -> str:
    """Return text in which nothing is HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def plain(text: str) -> str:
    """Return text in which nothing is HTML or Markdown: for titles and names of files."""
    return re.sub(r"([\\`*_\[\]#|~])", r"\\\1", escape(" ".join(text.split())))


def fenced(lines: tuple[str, ...], language: str = "") -> str:
    """Return the lines as a code block that their own back-ticks can't end."""
    body = "\n".join(lines)
    longest = max((len(run) for run in re.findall(r"`{3,}", body)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language if language.isalnum() else ''}\n{body}\n{fence}"


def shorten(text: str, limit: int) -> str:
    """Return the text in at most `limit` characters, with … where it was cut."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def size_of(text: str) -> int:
    """Return what the text counts for in a message: bytes of UTF-16, which is what Teams measures."""
    return len(text.encode("utf-16-le", "replace"))


def split_text(text: str, limit_bytes: int) -> list[str]:
    """Cut a text into pieces of at most so many UTF-16 bytes, at paragraphs, lines, sentences or words.

    A code block that is cut is closed, and opened again in the next piece.
    """
    pieces: list[str] = []
    rest = text.strip("\n")
    while size_of(rest) > limit_bytes:
        cut = _cut(rest, limit_bytes - 32)
        piece, rest = rest[:cut].rstrip(), rest[cut:].lstrip("\n")
        if piece.count("```") % 2:
            piece, rest = piece + "\n```", "```\n" + rest
        pieces.append(piece)
    return [*pieces, rest] if rest.strip() or not pieces else pieces


def _cut(text: str, limit_bytes: int) -> int:
    end = limit_bytes // 2
    while size_of(text[:end]) > limit_bytes:
        end -= max(1, (size_of(text[:end]) - limit_bytes) // 4)
    for mark in _BREAKS:
        at = text.rfind(mark, end // 2, end)
        if at > 0:
            return at + len(mark)
    return end


def _prose(text: str) -> str:
    parts = _CODE.split(text)
    return "".join(part if _CODE.fullmatch(part) else _bare(part) for part in parts)


def _bare(text: str) -> str:
    text = _IMAGE.sub(r"\1", text)
    text = _LINK.sub(r"\1", text)
    text = _AUTO_LINK.sub("", text)
    return text.replace("<", "&lt;")
