"""The chat page's frame: where everything stands, and the places that change while the page is open."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup
from nicegui import ui

from assistant.job_kinds import JobKind
from assistant.mentions import Person
from assistant.storage.conversation_store import Conversation
from bot.platforms.web.buttons import tool
from bot.platforms.web.composer import render_composer
from bot.platforms.web.dialogs import render_dialogs
from bot.platforms.web.markup import element, join
from bot.platforms.web.rail import render_brand, render_person, render_places, render_search
from bot.platforms.web.safe_markdown import render_markdown
from bot.platforms.web.turn_view import trusted_html

NEW_CONVERSATION = "New conversation"


class ChatFrame:
    """The live elements of one tab; made inside NiceGUI's page function."""

    def __init__(
        self, person: Person, office: str | None, kinds: Sequence[JobKind], *, max_file_bytes: int, may_switch: bool
    ) -> None:
        trusted_html(element("a", "Skip to the question", href="#question", class_="skip"))
        with ui.element("div").classes("shell").props('id="shell"'):
            with ui.element("nav").classes("rail").props('id="rail" aria-label="Conversations"'):
                trusted_html(render_brand())
                trusted_html(render_places())
                trusted_html(render_search())
                self.rail = trusted_html(None).classes("rail-list").props('id="rail-list"')
                is_admin = person.role == "admin"
                trusted_html(render_person(person, office, is_admin=is_admin, may_switch=may_switch))
            trusted_html(_scrim()).classes("scrim-frame")
            with ui.element("main").classes("thread").props('id="thread"'):
                self._header = trusted_html(None).classes("thread-head")
                scroller = ui.element("div").classes("messages")
                scroller.props('id="messages" tabindex="-1" aria-label="Conversation" role="region"')
                with scroller:
                    self.turns = ui.element("div").classes("turns")
                self._error = trusted_html(None).classes("thread-error").props('role="alert" id="thread-error"')
                trusted_html(render_composer(kinds, max_file_bytes=max_file_bytes)).classes("composer-frame")
            self._reader = trusted_html(None, tag="aside").classes("reader")
            self._reader.props('id="reader" aria-labelledby="reader-title"')
        self._status = trusted_html(None).classes("sr-only").props('role="status" aria-live="polite"')
        trusted_html(render_dialogs())

    def show_header(self, conversation: Conversation | None) -> str:
        """Show the conversation's title (and its buttons, once it exists); return the title."""
        title = (conversation.title if conversation else None) or NEW_CONVERSATION
        menu = tool("menu", "Conversations", "open-rail", class_="menu", aria_controls="rail")
        buttons = None
        if conversation is not None:
            rename = tool("pencil", "Rename the conversation", "ask-rename", data_text=title)
            buttons = element("span", rename, tool("trash", "Delete the conversation", "ask-delete"))
        self._header.set_content(str(join([menu, element("h1", title), buttons])))
        return title

    def show_pane(self, pane: Markup, job: str) -> None:
        """Fill the document pane for a citation of the job; steward.js opens it."""
        self._reader.set_content(str(pane))
        self._reader.props(f'data-job="{job}"')

    def say_error(self, sentence: str) -> None:
        """Show a sentence over the composer ("" takes it away); screen readers hear it at once."""
        self._error.set_content(str(render_markdown(sentence)) if sentence else "")

    def announce(self, words: str) -> None:
        """Let screen readers hear what has happened, without interrupting."""
        self._status.set_content(str(element("span", words)))


def _scrim() -> Markup:
    """Return what darkens the page behind the rail on small screens; a press on it closes the rail."""
    return element(
        "button", type="button", class_="scrim", data_act="close-rail", tabindex=-1, aria_label="Close the list"
    )
