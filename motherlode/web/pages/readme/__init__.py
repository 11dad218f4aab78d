"""Renders READMEs: Markdown to safe HTML."""
