"""Sweeps as figures, tables and text: what is drawn, apart from who draws it."""
