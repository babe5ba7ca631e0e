"""What the academic system remembers."""
