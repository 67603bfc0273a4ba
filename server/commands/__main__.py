"""`python -m server.commands`: the same as `porchlight`, for a process that starts another with its own interpreter."""

import sys

from . import main

sys.exit(main())
