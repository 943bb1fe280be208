"""holdfast-restore-table: tables of a backup as SQL that makes them beside the live ones."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from backup import paths
from backup.errors import BackupError, Busy
from backup.process import end_children_on_termination
from backup.settings import load
from proof.workspace import step_back, workspace

from . import side, stream
from .sources import Found, Source, open_source

BUSY_CODE = 75
FAILED_CODE = 1
# Before the last line of standard error, which is JSON for the launcher.
RESULT = "holdfast-restore-table: result "


def restore_table() -> int:
    """SQL on standard output, progress and the result on standard error."""
    arguments = _parser().parse_args()
    end_children_on_termination()
    try:
        source = _source(arguments)
        with (
            workspace(f"restore --table {' '.join(source.wanted)}", arguments.wait),
            open_source(source, _say) as found,
        ):
            result = _send(found, source, arguments.schema, arguments.owner)
    except Busy as error:
        return _failed(error, BUSY_CODE)
    except BackupError as error:
        return _failed(error, FAILED_CODE)
    except BrokenPipeError:
        return _failed("whoever loads the tables has ended", FAILED_CODE)
    print(RESULT + json.dumps(result), file=sys.stderr, flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="holdfast-restore-table",
        description="Prints SQL that makes tables of a backup in a schema of their own.",
        epilog=f"Exit code {BUSY_CODE}: a restore drill is under way.",
    )
    parser.add_argument("--table", action="append", required=True, metavar="NAME")
    parser.add_argument("--schema", required=True, help="the schema to make")
    parser.add_argument("--owner", required=True, help="the role that it will belong to")
    parser.add_argument("--database", required=True)
    parser.add_argument("--repository", choices=("local", "cloud"), default="local")
    parser.add_argument("--kind", choices=("logical", "physical"), default="logical")
    parser.add_argument("--to", default="", metavar="TIME", help="ISO; default: the newest")
    parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="for a drill")
    return parser


def _source(arguments: argparse.Namespace) -> Source:
    step_back()
    settings = load(paths.SETTINGS)
    if arguments.repository not in settings.repositories:
        raise BackupError("this stack has no cloud repository")
    return Source(
        settings=settings,
        repository=arguments.repository,
        kind=arguments.kind,
        until=arguments.to,
        database=arguments.database,
        wanted=tuple(arguments.table),
    )


def _send(found: Found, source: Source, schema: str, owner: str) -> dict[str, Any]:
    connection = found.server.connect(source.database)
    try:
        counts = side.move(connection, found.tables, schema)
    finally:
        connection.close()
    _say(f"sending {len(counts)} tables")
    dump = found.server.client("pg_dump", source.database)
    stream.send(dump, schema, owner, counts, sys.stdout.buffer)
    return {
        "repository": source.repository,
        "kind": source.kind,
        "label": found.label,
        "asOf": found.as_of,
        "schema": schema,
        "tables": [
            {"schema": table.schema, "name": table.name, "rows": rows}
            for table, rows in counts.items()
        ],
    }


def _say(text: str) -> None:
    print(f"holdfast-restore-table: {text}", file=sys.stderr, flush=True)


def _failed(error: object, code: int) -> int:
    _say(f"failed: {error}")
    return code
