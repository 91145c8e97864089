"""Alerts of monitoring systems become log inspections in the channel that the operator named for them."""
