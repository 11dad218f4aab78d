"""`python -m motherlode.cli`: runs the program where the script `motherlode` is not installed."""

from motherlode.cli import main

if __name__ == "__main__":
    main()
