"""The name under which workers are told that a subscription is behind."""

CHANNEL = "@streams"
