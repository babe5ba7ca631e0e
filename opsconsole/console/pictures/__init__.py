"""Pictures as server-rendered SVG: pure functions from data to markup, without inline styles."""
