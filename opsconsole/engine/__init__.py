"""Work that must happen, and its history. The public names are re-exported here."""
