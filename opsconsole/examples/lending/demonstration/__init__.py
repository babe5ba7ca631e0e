"""What makes a demonstration: a small world, and some life in it."""
