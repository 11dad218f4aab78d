"""Use cases that keep the data sound: garbage collection, verification, history, rebuilding and reprocessing."""
