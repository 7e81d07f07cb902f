"""The one JSON object that `--json` prints, on success and on failure.

Fields are added, never renamed; `version` rises only if that cannot be helped. After pipx, whose
commands return values and whose renderer alone knows formats.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.errors import ExitCode, SandboxError

VERSION = 1


def envelope(
    command: str,
    exit_code: ExitCode,
    data: Mapping[str, Any] | None = None,
    errors: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Render what a command gave.

    Args:
        command: The command's name; empty where none was recognised.
        exit_code: What the process will end with.
        data: The result; None where there is none.
        errors: From `describe_error`.
    """
    text = json.dumps(
        {
            "version": VERSION,
            "command": command,
            "status": status_of(exit_code),
            "exit_code": int(exit_code),
            "data": data,
            "errors": list(errors),
        },
        ensure_ascii=False,
    )
    # Beyond ASCII JSON lets control characters stand; a terminal takes some for its own.
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)


def status_of(exit_code: ExitCode) -> str:
    """Name an exit code as the envelope does: ``yes``, ``no``, ``no_verdict`` or ``error``."""
    answers = {ExitCode.YES: "yes", ExitCode.NO: "no", ExitCode.NO_VERDICT: "no_verdict"}
    return answers.get(exit_code, "error")


def describe_error(error: SandboxError) -> dict[str, Any]:
    """Give an error as the envelope holds it."""
    return {
        "type": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "findings": list(error.findings),
    }
