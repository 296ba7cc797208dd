"""`python -m local.doctor`: the function's own code lies in `handler/`, where no installation puts it on the path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "handler"))

from local.doctor.command import main

if __name__ == "__main__":
    sys.exit(main())
