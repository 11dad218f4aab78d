"""`python -m motherlode.cli`: the same program where its script is not installed."""

from motherlode.cli import main

if __name__ == "__main__":
    main()
