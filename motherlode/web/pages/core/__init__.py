"""What every page needs: templates, responses, headers, static files, forms."""
