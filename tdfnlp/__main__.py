"""``python -m tdfnlp``."""

from .cli import main

main()
