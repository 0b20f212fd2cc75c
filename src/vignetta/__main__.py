"""`python -m vignetta`."""

from vignetta.cli import main

if __name__ == "__main__":
    main()
