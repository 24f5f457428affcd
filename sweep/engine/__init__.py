"""The shell around the core: the one loop that joins journal, target and scheduler."""
