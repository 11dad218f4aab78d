"""What keeps the data sound: garbage collection, verification, history, reprocessing."""
