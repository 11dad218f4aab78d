"""Use cases for feeds and roles on feeds."""
