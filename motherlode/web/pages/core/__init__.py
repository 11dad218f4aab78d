"""The basis of all pages: templates, responses, headers, static files, forms."""
