"""Stand-ins for packages that the image has and this machine need not have: names, no behaviour.

For tests that put fakes in place of whatever would use them.
"""

import importlib
import importlib.util
import sys
from types import ModuleType


def module(name: str, **contents: object) -> ModuleType:
    """The module, really there or made here; what it lacks of these contents is added."""
    if name not in sys.modules:
        parent = sys.modules.get(name.rpartition(".")[0])
        made_here = parent is not None and not hasattr(parent, "__path__")
        if not made_here and importlib.util.find_spec(name) is not None:
            return importlib.import_module(name)
        sys.modules[name] = ModuleType(name)
    found = sys.modules[name]
    for key, value in contents.items():
        if not hasattr(found, key):
            setattr(found, key, value)
    return found


def stand_in() -> None:
    """Makes psycopg2 and patroni.utils importable where they are not."""
    error = type("Error", (Exception,), {})
    operational = type("OperationalError", (error,), {})
    psycopg2 = module("psycopg2", Error=error, OperationalError=operational)
    extensions = module(
        "psycopg2.extensions",
        connection=object,
        POLL_OK=0,
        POLL_READ=1,
        POLL_WRITE=2,
        set_wait_callback=lambda _: None,
    )
    if not hasattr(psycopg2, "extensions"):
        psycopg2.extensions = extensions
    module("patroni")
    module("patroni.utils", compare_values=lambda *_: True)
