"""The demonstration's mail server: takes mail, keeps it to look at, refuses as much as it is told to."""
