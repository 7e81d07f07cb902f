"""What is shown of how tables are read, as the server explained it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType

from sandbox.export.plan_file.reads import Reads
from sandbox.report.terminal import rows_table


def reads_table(reads: Reads) -> RenderableType:
    """Lay out every kind of question to every table."""
    return rows_table(
        ("table", "is asked for", "read"),
        [
            (table, one.what, ", ".join(map(str, one.how)) or "nothing")
            for table, some in sorted(reads.items())
            for one in some
        ],
    )


def reads_data(reads: Reads) -> Mapping[str, list[dict[str, Any]]]:
    """Give every kind of question, by table."""
    return {
        table: [{"what": one.what, "how": [str(access) for access in one.how]} for one in some]
        for table, some in sorted(reads.items())
    }
