"""Reading side of streams: what consoles and APIs ask. Every query is bounded and backed by an index."""
