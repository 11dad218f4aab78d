"""READMEs: from Markdown to HTML that is safe to show."""
