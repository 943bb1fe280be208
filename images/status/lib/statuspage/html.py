"""HTML that cannot be broken into: text becomes markup only here, and only escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import urlsplit

# Of HTML. Within SVG an element without an end would swallow what follows.
_VOID = {"meta", "link", "br"}


class Safe(str):
    """Markup that `tag` made: everything foreign in it is escaped."""


def tag(name: str, /, *children: object, **attributes: object) -> Safe:
    """One element. Children that are not Safe are text. `class_` is class, `_` is `-`.

    An attribute that is None or False is left out; True stands without a value.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID and not children:
        return Safe(f"<{name}{written}>")
    return Safe(f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[object]) -> Safe:
    """Children side by side; None is nothing."""
    return Safe("".join(_child(child) for child in children if child is not None))


def _child(child: object) -> str:
    if isinstance(child, Safe):
        return child
    if isinstance(child, (list, tuple)):
        return join(child)
    return escape(str(child))


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


def web_link(target: str) -> str | None:
    """The target, when a browser may follow it: http and https, nothing that runs."""
    try:
        return target if urlsplit(target).scheme in ("http", "https") else None
    except ValueError:
        return None
