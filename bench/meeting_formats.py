"""Write a meeting in the formats that meetings come in: what the parser is measured and tested on."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence

import docx

Turns = Sequence[tuple[str, int, str]]  # (speaker, seconds from the beginning, words)


def stamp(seconds: int, sep: str = ".") -> str:
    """Return "00:01:10.000"."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{sep}000"


def short(seconds: int) -> str:
    """Return "1:10", and "1:01:10" past the first hour, as Teams and Otter write it."""
    return f"{seconds // 60}:{seconds % 60:02}" if seconds < 3600 else stamp(seconds).partition(".")[0].lstrip("0")


def teams_vtt(turns: Turns) -> bytes:
    """Return Teams's captions."""
    cues = []
    for number, (who, at, text) in enumerate(turns):
        escaped = text.replace("&", "&amp;")
        cues.append(
            f"5b1f0a52-07ea-4a4d-9a5c-3f0c7b5e1234/{number}-0\n{stamp(at)} --> {stamp(at + 4)}\n<v {who}>{escaped}</v>"  # noqa: E501
        )
    return ("\ufeffWEBVTT\n\n" + "\n\n".join(cues) + "\n").encode()


def zoom_vtt(turns: Turns) -> bytes:
    """Return Zoom's captions."""
    cues = [f"{n}\r\n{stamp(at)} --> {stamp(at + 4)}\r\n{who}: {text}" for n, (who, at, text) in enumerate(turns, 1)]
    return ("WEBVTT\r\n\r\n" + "\r\n\r\n".join(cues) + "\r\n").encode()


def srt(turns: Turns) -> bytes:
    """Return subtitles."""
    cues = [
        f"{n}\n{stamp(at, ',')} --> {stamp(at + 4, ',')}\n{who}: {text}" for n, (who, at, text) in enumerate(turns, 1)
    ]
    return ("\ufeff" + "\n\n".join(cues)).encode()


def teams_docx(turns: Turns) -> bytes:
    """Return Teams's Word document."""
    document = docx.Document()
    document.add_paragraph("Vendor round-20260305_100000-Meeting Recording")
    document.add_paragraph("March 5, 2026, 10:00AM")
    document.add_paragraph("31m 20s")
    document.add_paragraph("Anna Schmidt started transcription")
    for who, at, text in turns:
        document.add_paragraph(f"{who}   {short(at)}\n{text}")
    document.add_paragraph("Anna Schmidt stopped transcription")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def google_meet(turns: Turns) -> bytes:
    """Return Google Meet's export."""
    lines = [
        "Vendor round (2026-03-05 10:00 GMT+1) - Transcript",
        "Attendees",
        ", ".join(dict.fromkeys(who for who, _, _ in turns)),
        "",
    ]
    lines += ["Transcript", "00:00:00", ""]
    lines += [f"{who}: {text}" for who, _, text in turns[:3]] + ["", "00:05:00", ""]
    lines += [f"{who}: {text}" for who, _, text in turns[3:]]
    lines += [
        "",
        "Meeting ended after 00:31:20 👋",
        "",
        "This editable transcript was computer generated and might contain errors.",
    ]
    return "\n".join(lines).encode()


def otter(turns: Turns) -> bytes:
    """Return Otter's text."""
    blocks = [f"{who}  {short(at)}\n{text}\n" for who, at, text in turns]
    return ("\n".join(blocks) + "\nTranscribed by https://otter.ai\n").encode()


def zoom_chat(turns: Turns) -> bytes:
    """Return Zoom's chat, with one private message that is no part of the meeting."""
    lines = []
    for who, at, text in turns:
        lines.append(f"{10 + at // 3600}:{at // 60 % 60:02}:{at % 60:02} From {who} to Everyone:\n\t{text}")
    lines.insert(2, "10:01:00 From Ben Okafor to Anna Schmidt (Direct Message):\n\tdo not tell Chloé\n\tever")
    return "\n".join(lines).encode()


def markdown(turns: Turns) -> bytes:
    """Return notes in Markdown."""
    lines = ["# Vendor round", "", "Date: 5 March 2026", "Attendees: Anna Schmidt, Ben Okafor", ""]
    lines += [f"**{who}** ({short(at)}): {text}\n" for who, at, text in turns]
    return "\n".join(lines).encode()


def plain(turns: Turns) -> bytes:
    """Return lines of "Name: text"."""
    return "\n".join(f"{who}: {text}" for who, _, text in turns).encode()


def slack(turns: Turns, wrap: Callable[[list[dict[str, object]]], object]) -> bytes:
    """Return Slack messages, wrapped as a thread or an export."""
    ids = {who: f"U{n}" for n, who in enumerate(dict.fromkeys(who for who, _, _ in turns))}
    messages: list[dict[str, object]] = [
        {
            "type": "message",
            "user": ids[who],
            "ts": f"{1772704800 + at}.000100",
            "thread_ts": "1772704805.000100",
            "text": text.replace("&", "&amp;"),
            "user_profile": {"real_name": who},
        }
        for who, at, text in turns
    ]
    messages.append(
        {
            "type": "message",
            "subtype": "channel_join",
            "user": "U9",
            "ts": "1772704999.0001",
            "text": "joined",
        }
    )
    messages.append({"type": "message", "bot_id": "B1", "ts": "1772705000.0001", "text": "Build green"})
    return json.dumps(wrap(messages)).encode()


def assemblyai(turns: Turns) -> bytes:
    """Return AssemblyAI's JSON."""
    people = {who: chr(ord("A") + n) for n, who in enumerate(dict.fromkeys(who for who, _, _ in turns))}
    rows = [{"speaker": people[w], "start": at * 1000, "end": at * 1000 + 4000, "text": t} for w, at, t in turns]
    return json.dumps({"id": "x", "status": "completed", "utterances": rows, "audio_duration": 200}).encode()


def deepgram(turns: Turns) -> bytes:
    """Return Deepgram's JSON."""
    people = {who: n for n, who in enumerate(dict.fromkeys(who for who, _, _ in turns))}
    rows = [{"speaker": people[w], "start": at + 0.5, "end": at + 4, "transcript": t} for w, at, t in turns]
    return json.dumps({"metadata": {"duration": 200.5}, "results": {"utterances": rows, "channels": []}}).encode()


def whisper(turns: Turns) -> bytes:
    """Return Whisper's JSON, which knows no speakers."""
    rows = [{"id": n, "start": at, "end": at + 4.0, "text": " " + t} for n, (_, at, t) in enumerate(turns)]
    return json.dumps({"text": " ".join(t for _, _, t in turns), "segments": rows, "language": "en"}).encode()


# With names, and those that only label voices or know none.
NAMED: Mapping[str, Callable[[Turns], bytes]] = {
    "teams_vtt": teams_vtt,
    "zoom_vtt": zoom_vtt,
    "srt": srt,
    "teams_docx": teams_docx,
    "google_meet": google_meet,
    "otter": otter,
    "zoom_chat": zoom_chat,
    "markdown": markdown,
    "plain_text": plain,
    "slack_thread": lambda turns: slack(turns, lambda messages: {"ok": True, "messages": messages}),
    "slack_export": lambda turns: slack(turns, list),
}
LABELLED: Mapping[str, Callable[[Turns], bytes]] = {
    "assemblyai_json": assemblyai,
    "deepgram_json": deepgram,
    "whisper_json": whisper,
}
