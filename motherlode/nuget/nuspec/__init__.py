"""Nuspecs: the XML, its text, and the package that it describes."""
