"""Access tokens that stay good: renewed before they end, kept, and given up when their owner takes them back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from assistant.errors import DependencyUnavailable, NotPermitted
from assistant.mail.accounts import Tokens
from assistant.mail.oauth import Provider, TokenSource, provider_for
from assistant.settings import load_settings
from tests.peers.mail_services import ConsentService, serving


@pytest.fixture
def service() -> Iterator[ConsentService]:
    with serving(ConsentService()) as running:
        yield running


def provider(url: str) -> Provider:
    return Provider(f"{url}/authorize", f"{url}/token", "our-app", SecretStr("our-secret"), ("openid", "mail"))


def tokens(*, seconds: float) -> Tokens:
    expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
    return Tokens(access=SecretStr("old"), refresh=SecretStr("refresh-0"), expires_at=expires_at)


def test_a_token_that_is_good_is_used_without_asking(service: ConsentService) -> None:
    source = TokenSource(provider(service.url), tokens(seconds=600), lambda _tokens: None)

    assert source() == "old"
    assert service.calls == []


def test_a_token_that_is_about_to_end_is_renewed_and_the_new_ones_are_kept(service: ConsentService) -> None:
    kept: list[Tokens] = []
    source = TokenSource(provider(service.url), tokens(seconds=60), kept.append)

    access = source()

    assert access in service.issued
    assert source() == access
    assert [one.refresh.get_secret_value() for one in kept if one.refresh] == ["refresh-1"]


def test_a_refused_token_is_renewed_although_its_date_is_good(service: ConsentService) -> None:
    source = TokenSource(provider(service.url), tokens(seconds=600), lambda _tokens: None)

    assert source(refused=True) in service.issued


def test_a_provider_that_gives_no_new_refresh_token_leaves_the_old_one_in_use(service: ConsentService) -> None:
    service.rotates = False
    kept: list[Tokens] = []
    source = TokenSource(provider(service.url), tokens(seconds=0), kept.append)

    source()

    assert [one.refresh.get_secret_value() for one in kept if one.refresh] == ["refresh-0"]


def test_a_permission_that_was_taken_back_is_told_to_its_owner(service: ConsentService) -> None:
    service.is_revoked = True
    source = TokenSource(provider(service.url), tokens(seconds=0), lambda _tokens: None)

    with pytest.raises(NotPermitted) as caught:
        source()

    assert "connected again" in caught.value.reply


def test_a_provider_that_is_away_is_no_refusal() -> None:
    source = TokenSource(provider("http://127.0.0.1:9"), tokens(seconds=0), lambda _tokens: None)

    with pytest.raises(DependencyUnavailable):
        source()


def test_the_right_to_send_is_asked_for_only_where_sending_is_on() -> None:
    values = {"email_channels": "graph", "email_microsoft_client_id": "our-app"}
    off = load_settings({}, **values)
    on = load_settings({}, **values, email_sending=True)

    assert not any("Send" in scope for scope in provider_for(off, "graph").scopes)
    assert any("Mail.Send" in scope for scope in provider_for(on, "graph").scopes)
