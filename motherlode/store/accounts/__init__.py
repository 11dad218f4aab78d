"""Users, teams, roles, owners, API keys and sessions."""
