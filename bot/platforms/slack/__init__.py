"""Slack: events and Socket Mode in, one message a question out. `app.build` puts it together."""
