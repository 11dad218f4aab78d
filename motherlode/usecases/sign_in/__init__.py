"""Use cases of authentication: identify callers, browser sessions, and the history of sign-ins."""
