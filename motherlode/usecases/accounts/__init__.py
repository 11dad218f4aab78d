"""What is done with users, teams and the first administrator."""
