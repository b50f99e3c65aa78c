"""``python -m saprolite``: the same as the command ``saprolite``."""

from saprolite.cli import main

main()
