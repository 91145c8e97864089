"""The operations pages: how well Steward does, for administrators only."""

from bot.admin.pages import build

__all__ = ["build"]
