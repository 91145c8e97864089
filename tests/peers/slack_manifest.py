"""What Slack takes as an app's manifest, as far as an app like ours can use it: strict, so that a typo is an error.

Fields and limits are those of Slack's published manifest schema, version 2 (the repository slackapi/manifest-schema,
read in its edition with agent_view, of June 2026), in our own words.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


def _unique(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise ValueError("listed twice")
    return values


def text(least: int, most: int, pattern: str | None = None) -> StringConstraints:
    return StringConstraints(min_length=least, max_length=most, pattern=pattern)


Url = Annotated[str, text(8, 3_500, r"^https?://")]
CommandUrl = Annotated[str, text(8, 3_000, r"^https?://")]
Word = Annotated[str, text(1, 50)]
Scopes = Annotated[list[Word], Field(max_length=255), AfterValidator(_unique)]
Events = Annotated[list[Word], Field(max_length=100), AfterValidator(_unique)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Metadata(Strict):
    major_version: int
    minor_version: int | None = None


class Display(Strict):
    name: Annotated[str, text(1, 35)]
    description: Annotated[str, text(1, 140)] | None = None
    long_description: Annotated[str, text(175, 4_000)] | None = None
    background_color: Annotated[str, text(4, 7, r"^#([0-9a-fA-F]{3}){1,2}$")] | None = None


class AppHome(Strict):
    home_tab_enabled: bool = False
    messages_tab_enabled: bool = False
    messages_tab_read_only_enabled: bool = False


class BotUser(Strict):
    display_name: Annotated[str, text(1, 80)]
    always_online: bool = False


class Prompt(Strict):
    title: str
    message: str


class Quick(Strict):
    name: str
    description: str


class AgentView(Strict):
    agent_description: Annotated[str, text(1, 300)] | None = None
    suggested_prompts: Annotated[list[Prompt], Field(max_length=4)] = []
    actions: list[Quick] = []


class Shortcut(Strict):
    name: Annotated[str, text(1, 24)]
    type: Literal["message", "global"]
    callback_id: Annotated[str, text(1, 255)]
    description: Annotated[str, text(1, 150)]


class SlashCommand(Strict):
    command: Annotated[str, text(2, 32, r"^/")]
    description: Annotated[str, text(1, 2_000)]
    usage_hint: Annotated[str, text(1, 1_000)] | None = None
    url: CommandUrl | None = None
    should_escape: bool = False


class Features(Strict):
    app_home: AppHome | None = None
    bot_user: BotUser | None = None
    agent_view: AgentView | None = None
    shortcuts: Annotated[list[Shortcut], Field(min_length=1, max_length=10)] | None = None
    slash_commands: Annotated[list[SlashCommand], Field(min_length=1, max_length=50)] | None = None


class ScopeLists(Strict):
    bot: Scopes = []
    user: Scopes = []


class OAuth(Strict):
    redirect_urls: list[Annotated[str, text(1, 2_500)]] = Field(default=[], max_length=1_000)
    scopes: ScopeLists


class Subscriptions(Strict):
    request_url: Url | None = None
    bot_events: Events = []
    user_events: Events = []


class Interactivity(Strict):
    is_enabled: bool
    request_url: Url | None = None
    message_menu_options_url: Url | None = None


class AppSettings(Strict):
    event_subscriptions: Subscriptions | None = None
    interactivity: Interactivity | None = None
    org_deploy_enabled: bool = False
    socket_mode_enabled: bool = False
    token_rotation_enabled: bool = False


class SlackManifest(Strict):
    metadata: Metadata = Field(alias="_metadata")
    display_information: Display
    features: Features
    oauth_config: OAuth
    settings: AppSettings
