"""What is done with feeds, and the roles on them."""
