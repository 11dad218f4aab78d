"""What pages show: queries and frozen views."""
