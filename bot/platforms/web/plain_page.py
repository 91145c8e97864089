"""Pages that need no live connection, as whole HTML documents: sign-in, refusals, trouble."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from assistant.mentions import Person
from assistant.storage.people_store import PersonProfile
from bot.platforms.web.assets import HEAD
from bot.platforms.web.icons import LOGO
from bot.platforms.web.markup import Child, element, join
from bot.platforms.web.rail import role_words
from bot.platforms.web.turns import avatar


def plain_page(title: str, *content: Child) -> str:
    """Return a whole document with one calm card in the middle."""
    card = element("main", element("div", LOGO, class_="welcome-logo"), element("h1", title), content, class_="card")
    return _document(title, element("body", card, class_="plain"))


def wide_page(title: str, person: Person, *content: Child) -> str:
    """Return a whole document with a head that leads back to the conversations, for lists and long texts."""
    brand = element(
        "a", LOGO, element("span", "Steward"), href="/", class_="brand", aria_label="Steward, conversations"
    )
    back = element("nav", element("a", "Your conversations", href="/"), aria_label="Places")
    who = element("span", avatar(person), element("strong", person.name or person.id), class_="admin-person")
    main = element("main", element("h1", title), content, id="content", tabindex=-1)
    skip = element("a", "Skip to the content", href="#content", class_="skip")
    head = element("header", brand, back, who, class_="admin-head")
    return _document(title, element("body", skip, element("div", head, main, class_="admin"), class_="wide"))


def _document(title: str, body: Markup) -> str:
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{title} · Steward"),
        HEAD,
    )
    return str(join([Markup("<!doctype html>"), element("html", head, body, lang="en")]))


def sign_in_page(
    people: Sequence[PersonProfile],
    next_path: str,
) -> str:
    """Return the demo's sign-in: one button a person."""
    intro = element(
        "p",
        "This is the demo. Choose who you want to be: each of them may read other documents and run other jobs.",
    )
    if not people:
        empty = element("p", "The demo's people aren't loaded yet. Reload this page in a moment.")
        return plain_page("Sign in", intro, empty)
    forms = [_person_form(profile, next_path) for profile in people]
    return plain_page("Sign in", intro, element("div", forms, class_="people"))


def sign_in_off_page() -> str:
    """Return how to switch the page on, for whoever runs this server."""
    ways = element(
        "dl",
        element("dt", element("code", "STEWARD_SIGN_IN=header")),
        element(
            "dd",
            "Behind a proxy that signs people in and sets ",
            element("code", "STEWARD_SIGN_IN_HEADER"),
            " to their e-mail address. The server must be reachable through that proxy only.",
        ),
        element("dt", element("code", "STEWARD_SIGN_IN=demo")),
        element("dd", "On this machine only: pick one of the demo's people, without a password."),
        class_="ways",
    )
    intro = element("p", "The web page is switched off. An operator can switch it on with one of these settings:")
    return plain_page("The web page is off", intro, ways)


def not_signed_in_page() -> str:
    """Return what someone sees whom the proxy names but the directory does not know."""
    words = element(
        "p",
        "You are not in the company directory that I know, so I can't tell what you may read. "
        "Ask your administrator to add you.",
    )
    return plain_page("I don't know you yet", words)


def forbidden_page(
    person: Person,
    what: str,
) -> str:
    """Return a clear refusal that says who one is and what would be needed."""
    words = element("p", f"You are signed in as {person.name or person.id} ({role_words(person.role)}). {what}")
    back = element("p", element("a", "Back to your conversations", href="/", class_="button"))
    return plain_page("Not for you", words, back)


def trouble_page(
    sentence: str,
) -> str:
    """Return a page for when something Steward leans on is away."""
    again = element("p", element("a", "Try again", href="", class_="button"))
    return plain_page("Not right now", element("p", sentence), again)


def _person_form(profile: PersonProfile, next_path: str) -> Markup:
    person = profile.person
    details = " · ".join(part for part in (profile.title, profile.office) if part)
    words = element(
        "span", element("strong", person.name or person.id), element("small", details), class_="person-words"
    )
    role = element("span", role_words(person.role), class_="role")
    button = element("button", avatar(person), words, role, type="submit", class_="person-choice")
    hidden = [
        element("input", type="hidden", name="person", value=person.id),
        element("input", type="hidden", name="next", value=next_path),
    ]
    return element("form", hidden, button, method="post", action="/sign-in")
