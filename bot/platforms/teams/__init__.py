"""Microsoft Teams. The only package that imports botbuilder (docs/decisions/0005-teams-sdk.md)."""
