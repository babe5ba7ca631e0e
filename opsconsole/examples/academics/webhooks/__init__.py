"""Tell others outside about events: signed, retried, and never into a network that is not theirs to see."""
