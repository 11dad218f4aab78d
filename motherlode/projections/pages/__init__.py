"""The data that web pages show: queries and frozen views."""
