"""Users, teams, API keys, sessions, and who may do what."""
