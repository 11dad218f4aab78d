"""Use cases for packages: push, check, delete, restore, list and unlist, lock, and manage owners."""
