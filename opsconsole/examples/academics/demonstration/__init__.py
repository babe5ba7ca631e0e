"""What makes a demonstration: who may look and act, and something to look at."""
