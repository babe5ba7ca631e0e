"""The console's pages for processes, subscriptions and streams."""
