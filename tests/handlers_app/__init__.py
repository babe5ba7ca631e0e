"""An app whose messages and handlers do what a test tells them to."""
