"""``python -m tunas_dsl``: the same as the program ``tunas``."""

from tunas_dsl.cli import main

if __name__ == "__main__":
    main()
