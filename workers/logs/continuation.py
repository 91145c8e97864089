"""Join the lines of a stack trace, or of any message over several lines, to their first line.

Works on a block of lines of which the headers have been read; a line without a header belongs
to the event before it when it looks as continuations do.
"""

import polars as pl

MAX_JOINED_LINES = 500
MAX_JOINED_CHARS = 64_000

# White space, frames of the JVM, Python, Go and Node, and the names of the exceptions themselves.
CONTINUATION = (
    r"^(?:\s+\S|at [\w$.<>]+|Caused by: |Suppressed: |\.\.\. \d+ |Traceback \(most recent|goroutine \d+ \["
    r"|During handling of the above|The above exception was|[\w.$]+(?:Error|Exception|Exit"
    r"|Interrupt|Warning)(?:: |$)"
    r"|[a-z/.\w]+\.go:\d+|\}|\]|\)|created by |exit status \d+|\s*\^+\s*$)"
)
_NAMED = r"^[A-Za-z_$][\w.$]*(?:: |:?$)"
# The JVM names the failure first, Python last.
_FIRST_EXCEPTION = r"(?m)^(?:\s*Caused by: )?([\w.$]+(?:Error|Exception)(?:: [^\n]{0,200})?)"
_LAST_EXCEPTION = r"(?s).*\n([A-Za-z_$][\w.$]*(?:: [^\n]{0,200})?)\s*$"


def join_continuations(table: pl.DataFrame) -> pl.DataFrame:
    """Return one row an event, `line` holding its lines; the first line's fields stand for all.

    A line with a header, or that does not look like a continuation, is an event of its own.
    """
    headless = table["format"].is_null()
    if not headless.any():
        return table.drop("format")
    continues = _among(headless, table["line"], CONTINUATION)
    # A block cannot begin with a continuation: nothing is before it.
    continues &= pl.int_range(table.height, eager=True) > 0
    # Below frames, a name before a colon is the exception itself, whatever it is called.
    continues |= _among(headless, table["line"], _NAMED) & continues.shift(1, fill_value=False)
    if not continues.any():
        return table.drop("format")
    events = (~continues).cum_sum().alias("event")
    table = table.with_columns(events)
    added = (
        table.filter(continues)
        .group_by("event")
        .agg(pl.col("line").head(MAX_JOINED_LINES).str.join("\n").str.slice(0, MAX_JOINED_CHARS).alias("added"))
    )
    first = table.filter(~continues).join(added, on="event", how="left", maintain_order="left")
    line = pl.concat_str("line", pl.lit("\n"), "added")
    added_text = pl.col("added")
    exception = added_text.str.extract(_FIRST_EXCEPTION, 1)
    last_exception = added_text.str.extract(_LAST_EXCEPTION, 1)
    named = pl.coalesce(last_exception, exception)
    known = pl.col("message").str.contains(named.str.slice(0, 60), literal=True)
    return first.with_columns(
        pl.when(pl.col("added").is_null()).then(pl.col("line")).otherwise(line).alias("line"),
        # The exception's name and text make the message tell one failure from another.
        pl.when(named.is_null() | known).then(pl.col("message"))
        .otherwise(pl.concat_str("message", pl.lit(" | "), named)).alias("message"),
    ).drop("event", "added", "format")  # fmt: skip


def _among(chosen: pl.Series, lines: pl.Series, pattern: str) -> pl.Series:
    """Return which of the chosen lines match; the others, nearly all, are not looked at."""
    matches = lines.filter(chosen).str.contains(pattern).fill_null(False)
    return pl.repeat(False, lines.len(), eager=True).scatter(chosen.arg_true(), matches)
