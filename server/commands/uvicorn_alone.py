"""uvicorn's server without its command line and reloaders (click, multiprocessing), which would stay in memory.

The package loads them in its own `__init__`; so the module that does it is stood in for while the package is loaded.
Whoever imports `uvicorn.main` afterwards gets the real one.
"""

import sys
from types import ModuleType

_NAME = "uvicorn.main"


class _StandIn(ModuleType):
    main = run = Server = None


if "uvicorn" not in sys.modules:
    sys.modules[_NAME] = _StandIn(_NAME)
    import uvicorn

    del sys.modules[_NAME]
    for _name in ("main", "run", "Server"):
        delattr(uvicorn, _name)

from uvicorn.config import Config  # noqa: E402 - behind the stand-in
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol  # noqa: E402
from uvicorn.server import Server  # noqa: E402

__all__ = ["STATUS_LINE", "Config", "HttpToolsProtocol", "Server"]
