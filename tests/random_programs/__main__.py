"""Command line: see ``--help``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from random_programs.command import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
