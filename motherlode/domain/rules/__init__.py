"""Rules: what makes a package unfit to be taken, or worth a word. Start at `table.py`."""
