"""Background jobs, run in a thread of each worker. Each kind has a module and is idempotent. Start at `runner`."""
