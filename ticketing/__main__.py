"""`python -m ticketing`."""

from ticketing.cli import main

if __name__ == "__main__":
    main()
