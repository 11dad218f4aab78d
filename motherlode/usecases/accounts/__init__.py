"""Use cases for users, service accounts, teams and the first administrator."""
