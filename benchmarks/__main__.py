"""Run a benchmark by name: ``python -m benchmarks [NAME]``, all where left out."""

import sys
from importlib import import_module

NAMES = ("quality", "card", "speed", "choosing", "effort", "scale")

if __name__ == "__main__":
    asked = sys.argv[1:2] or list(NAMES)
    if asked[0] not in NAMES:
        sys.exit(f"There is no benchmark {asked[0]!r}; there are {', '.join(NAMES)}.")
    for name in asked:
        import_module(f"benchmarks.{name}").main(sys.argv[2:])
