"""`python -m checks` is the command `gradproof`."""

from checks.cli import main

if __name__ == "__main__":
    main()
