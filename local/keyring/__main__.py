"""The command."""

import sys

from local.keyring.command import main

if __name__ == "__main__":
    sys.exit(main())
