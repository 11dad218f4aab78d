"""Things done later, in a thread of each worker: one idempotent file for each kind. Start at `runner`."""
