"""`python -m promptsearch`."""

from promptsearch.cli.app import main

if __name__ == "__main__":
    main()
