"""Who may do what over HTTP: credentials are read, judged and remembered here."""
