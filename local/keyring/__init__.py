"""`python -m local.keyring`: look into the keyring of a stack, or of a file, and change it without breaking it.

`command` reads the command line, `inputs` the keys; `changes` decides what a command makes of the `document`, `show`
says it, `stores` keeps it.
"""

import sys
from pathlib import Path

# What a keyring is, the function's own parser decides; its package is in the checkout, not in .venv.
_FUNCTION = str(Path(__file__).parents[2] / "handler")
if _FUNCTION not in sys.path:
    sys.path.append(_FUNCTION)
