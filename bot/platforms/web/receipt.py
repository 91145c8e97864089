"""The receipt under an answer: which model, what it cost, where the time went, and what was checked."""

from __future__ import annotations

from uuid import UUID

from markupsafe import Markup

from assistant.jobs import JobResult, LatencyMs, Receipt, Step
from bot.platforms.web.icons import icon
from bot.platforms.web.markup import element

STAGES = ("queue", "retrieval", "model", "validation", "delivery", "other")
CHECK_NAMES = {
    "every_claim_quoted": "Every statement has a source",
    "quotes_verbatim": "Every quote stands word for word in its passage",
    "claims_supported": "Numbers and names stand in the quotes",
    "no_instructions": "Nothing follows orders hidden in a document",
    "no_secrets": "No secret is shown",
    "lines_verbatim": "Every line stands word for word in its file",
    "cause_has_evidence": "Lines of the service named show the cause",
    "first_bad_in_range": "The first bad moment lies inside the logs",
    "statements_cited": "Every statement names message, time, count and lines",
    "counts_agree": "Counted again in the logs, the numbers are the same",
    "lines_exist": "Every line it cites exists, in its time and of its message",
    "text_supported": "Figures, names and quotations stand in what is cited",
    "cause_shows_in_logs": "What the cause rests on changed in the logs",
}


def render_receipt(job_id: UUID, result: JobResult, steps: tuple[Step, ...], *, is_open: bool = False) -> Markup:
    """Return the receipt, closed until someone opens it unless it should stand open."""
    receipt = result.receipt
    summary = element("summary", icon("receipt"), element("span", "Receipt"), element("span", summary_line(receipt)))
    parts = [
        _facts(receipt),
        latency_bar(receipt.latency_ms),
        _checks(receipt),
        _steps(steps),
        _evidence(receipt.evidence),
        _job(job_id),
    ]
    return element("details", summary, element("div", parts, class_="receipt-body"), class_="receipt", open=is_open)


def summary_line(receipt: Receipt) -> str:
    """Return the receipt in one line: time, checks, cost."""
    passed = sum(check.passed for check in receipt.checks)
    parts = [milliseconds(receipt.latency_ms.total)]
    if receipt.checks:
        parts.append(f"{passed} of {len(receipt.checks)} checks passed")
    parts.append(cost(receipt.cost_usd, offline=receipt.offline))
    return " · ".join(parts)


def milliseconds(value: float) -> str:
    """Return a duration as people read it: "12 ms", "1.34 s", "2 min 5 s"."""
    if value < 1000:
        return f"{value:.0f} ms"
    if value < 60_000:
        return f"{value / 1000:.2f} s"
    minutes, seconds = divmod(round(value / 1000), 60)
    return f"{minutes} min {seconds} s"


def cost(usd: float | None, *, offline: bool = False) -> str:
    """Return the cost in words; an unknown price is not a price of nothing."""
    if usd is None:
        return "no cost" if offline else "cost unknown"
    if usd == 0:
        return "no cost"
    return f"${usd:.4f}" if usd < 0.1 else f"${usd:,.2f}"


def latency_bar(latency: LatencyMs) -> Markup:
    """Return the time by stage, as a bar and as figures; stages that took no time are left out of the bar."""
    figures = [(stage, getattr(latency, stage)) for stage in STAGES]
    whole = sum(value for _, value in figures) or 1.0
    parts = [
        element(
            "span",
            class_=f"stage {stage}",
            style=f"width:{100 * value / whole:.2f}%",
            title=f"{stage}: {milliseconds(value)}",
        )
        for stage, value in figures
        if value > 0
    ]
    rows = [
        element(
            "div", element("dt", element("i", class_=f"stage {stage}"), stage), element("dd", milliseconds(value))
        )
        for stage, value in figures
    ]
    total = element("div", element("dt", "total"), element("dd", milliseconds(latency.total)), class_="total")
    bar = element("div", parts, class_="bar", aria_hidden="true")
    return element("section", element("h5", "Time by stage"), bar, element("dl", rows, total, class_="stages"))


def _facts(receipt: Receipt) -> Markup:
    estimated = " (estimated)" if receipt.tokens_estimated else ""
    model = receipt.model + (" · extractive, no language model" if receipt.offline else "")
    rows = [
        ("Model", model),
        ("Prompt", receipt.prompt_version),
        ("Tokens", f"{receipt.input_tokens:,} in, {receipt.output_tokens:,} out{estimated}"),
        ("Cost", cost(receipt.cost_usd, offline=receipt.offline)),
        ("Calls", f"{receipt.model_calls} to the model, {receipt.tool_calls} to tools"),
    ]
    if receipt.fallback_from:
        rows.append(("Fallback", f"{receipt.fallback_from} failed first"))
    if receipt.repaired:
        rows.append(("Repaired", "the first draft failed a check and was written again"))
    return element(
        "dl", [element("div", element("dt", name), element("dd", value)) for name, value in rows], class_="facts"
    )


def _checks(receipt: Receipt) -> Markup | None:
    if not receipt.checks:
        return None
    items = [
        element(
            "li",
            icon("check" if check.passed else "cross"),
            element(
                "span",
                element("span", "passed: " if check.passed else "failed: ", class_="sr-only"),
                CHECK_NAMES.get(check.name, check.name.replace("_", " ").capitalize()),
                element("small", check.detail) if check.detail else None,
            ),
            class_="passed" if check.passed else "failed",
        )
        for check in receipt.checks
    ]
    return element("section", element("h5", "Checks"), element("ul", items, class_="checks"))


def _steps(steps: tuple[Step, ...]) -> Markup | None:
    if not steps:
        return None
    first = steps[0].at
    items = [
        element(
            "li",
            element("span", step.text),
            element("small", f"+{milliseconds((step.at - first).total_seconds() * 1000)}"),
        )
        for step in steps
    ]
    return element("section", element("h5", "Steps"), element("ol", items, class_="step-log"))


def _evidence(chunk_ids: tuple[str, ...]) -> Markup | None:
    if not chunk_ids:
        return None
    items = [element("li", element("code", chunk_id)) for chunk_id in chunk_ids]
    summary = element("summary", f"Evidence: {len(chunk_ids)} passages read, best first")
    return element("details", summary, element("ol", items), class_="evidence")


def _job(job_id: UUID) -> Markup:
    copy = element(
        "button", icon("copy"), "Copy", type="button", class_="quiet", data_act="copy", data_text=str(job_id)
    )
    return element("p", element("span", "Job"), element("code", str(job_id)), copy, class_="job-id")
