"""python -m mockspaces."""

from mockspaces.cli import main

main()
