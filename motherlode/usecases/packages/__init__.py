"""What is done to packages: push, check, delete, list, lock, own."""
