"""Build the demo company's HTML, docx and PDF documents from their Markdown sources.

`sources/company/travel/x.pdf.md` becomes `policies/company/travel/x.pdf`, and a source under
`sources/meetings/` becomes `meetings/`. The outputs are committed, so nobody needs this script to run the
demo; it is run after a source was edited. Dates are fixed and archives are written in order: the same
sources and library versions give the same bytes, and any versions give the same text.

    python deploy/demo/build_documents.py [--out DIR]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from html import escape
from pathlib import Path

from build_docx import render_docx, render_transcript_docx
from build_pdf import render_pdf
from build_transcripts import render_teams_vtt, render_zoom_vtt, time_utterances
from document_source import Source, read_source
from markdown_it import MarkdownIt

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "sources"

HTML_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{title}</title>
{meta}
<style>
body {{ font-family: sans-serif; max-width: 46rem; margin: 2rem auto; line-height: 1.5; }}
table {{ border-collapse: collapse; }}
td, th {{ border: 1px solid #bbb; padding: .25rem .6rem; text-align: left; }}
</style>
</head>
<body>
<nav><a href="/handbook">Handbook</a> / <a href="/handbook/{section}">{section}</a></nav>
<main>
{content}</main>
<footer>Version {version}, in force since {effective_from}. Owner: {owner} ({owner_email}).</footer>
</body>
</html>
"""


def render_html(source: Source) -> bytes:
    """Return an intranet page: metadata as `<meta>` tags, navigation above, the owner in the footer."""
    names = ("version", "effective_from", "effective_to", "owner", "owner_email", "regions", "status")
    fields = {name: source.field(name) for name in (*names, "classification")}
    meta = [f'<meta name="{name}" content="{escape(text)}">' for name, text in fields.items() if text]
    content = MarkdownIt("commonmark").enable("table").render(source.body)
    page = HTML_PAGE.format(
        language=source.field("language") or "en",
        title=escape(source.field("title")),
        meta="\n".join(meta),
        section=source.path.parent.name,
        content=content,
        version=escape(fields["version"]),
        effective_from=fields["effective_from"],
        owner=escape(fields["owner"]),
        owner_email=fields["owner_email"],
    )
    return page.encode("utf-8")


def render_transcript(source: Source, target_name: str) -> bytes:
    """Return a transcript in the form that the target's suffix asks for (see build_transcripts.py).

    Raises:
        ValueError: the suffix isn't a form that we write, or a line has no speaker.
    """
    utterances = time_utterances(source.body, float(source.field("words_per_second")))
    if target_name.endswith(".teams.vtt"):
        return render_teams_vtt(utterances, source.field("title")).encode("utf-8")
    if target_name.endswith(".zoom.vtt"):
        return render_zoom_vtt(utterances).encode("utf-8")
    if target_name.endswith(".txt"):
        return source.body.encode("utf-8")
    if target_name.endswith(".docx"):
        return render_transcript_docx(source, utterances)
    raise ValueError(f"{target_name}: transcripts are .teams.vtt, .zoom.vtt, .docx or .txt.")


RENDERERS: dict[str, Callable[[Source], bytes]] = {
    ".html": render_html,
    ".docx": render_docx,
    ".pdf": render_pdf,
}


def output_path(source_path: Path, out_dir: Path) -> Path:
    """Return where the document of a source goes under `out_dir`."""
    relative = source_path.relative_to(SOURCES).with_suffix("")
    folder = out_dir if relative.parts[0] == "meetings" else out_dir / "policies"
    return folder / relative


def build_all(out_dir: Path) -> list[Path]:
    """Write every document under `out_dir` and return the paths, in source order.

    Raises:
        ValueError: a source has no front matter, or the suffix before `.md` isn't one we build.
    """
    written = []
    for path in sorted(SOURCES.rglob("*.md")):
        target = output_path(path, out_dir)
        source = read_source(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(_render(source, target, is_transcript=target.parent == out_dir / "meetings"))
        written.append(target)
    return written


def _render(source: Source, target: Path, *, is_transcript: bool) -> bytes:
    if is_transcript:
        return render_transcript(source, target.name)
    if target.suffix not in RENDERERS:
        raise ValueError(f"{source.path} asks for {target.suffix!r}; we build {', '.join(RENDERERS)}.")
    return RENDERERS[target.suffix](source)


def main() -> None:
    """Build into this folder, or into `--out`."""
    parser = argparse.ArgumentParser(description="Build the demo company's HTML, docx and PDF documents.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder that receives policies/ and meetings/")
    for path in build_all(parser.parse_args().out):
        print(path)


if __name__ == "__main__":
    main()
