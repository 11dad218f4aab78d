"""The database and the data folder. Only this package uses SQL. Start at `database.schema`."""
