"""Every failure that users are meant to see, as one tree.

A class owns its exit code and a default hint, so that the command line prints and exits
without knowing any of them. The message says what failed and where, the hint says what to do.
No message carries a value from production: see `docs/decisions/0002-errors-carry-no-values.md`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What the process tells its caller; stable, part of the command line contract."""

    YES = 0
    BUG = 1
    USAGE = 2
    NO = 3
    NO_VERDICT = 4
    SETTINGS = 10
    SOURCE = 11
    MASKING = 12
    BUNDLE = 13
    STACK = 14
    POLICY = 15
    INTERRUPTED = 130
    TERMINATED = 143


class SandboxError(Exception):
    """An expected failure: printed as one clear error, never as a traceback.

    Args:
        message: What failed, and where. One sentence, free of production values.
        hint: What to do about it; the class's own hint where none is given.
        findings: Single things that were wrong, when several were found in one pass.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.BUG
    default_hint: ClassVar[str] = ""

    def __init__(
        self, message: str, *, hint: str | None = None, findings: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint
        self.findings = findings


class UsageError(SandboxError):
    """The command was called in a way that it does not offer."""

    exit_code = ExitCode.USAGE
    default_hint = "Run the command with --help to see what it takes."


class SettingsError(SandboxError):
    """A settings file or a setting cannot be used."""

    exit_code = ExitCode.SETTINGS
    default_hint = "Correct the settings file, then run again."


class SourceError(SandboxError):
    """The source database cannot be read as asked."""

    exit_code = ExitCode.SOURCE
    default_hint = "Check the address, the account and its grants, then run again."


class MaskingRefused(SandboxError):
    """Something has no masking rule, or a rule cannot apply; nothing was written."""

    exit_code = ExitCode.MASKING
    default_hint = "Add the missing rules, then run again."


class BundleInvalid(SandboxError):
    """A bundle is damaged, incomplete or of an unknown format."""

    exit_code = ExitCode.BUNDLE
    default_hint = "Ask for the bundle again: a damaged one is never used."


class StackError(SandboxError):
    """Docker, an image or a container did not do what was asked."""

    exit_code = ExitCode.STACK
    default_hint = "Run: sandbox doctor"


class EngineUnreachable(StackError):
    """No Docker engine answers."""

    default_hint = (
        "Start Docker (on Debian: apt-get install docker.io), "
        "or point DOCKER_HOST at a running engine, then run: sandbox doctor"
    )


class EnginePermissionDenied(StackError):
    """An engine is there, but this user may not talk to it."""

    default_hint = (
        "Add yourself to the docker group (usermod -aG docker USER, then log in again), "
        "or run as a user who may use Docker."
    )


class EngineDiskFull(StackError):
    """The engine ran out of disk while it built, pulled or started something."""

    default_hint = (
        "Free space where Docker keeps its data (docker system df shows what uses it, "
        "docker image prune removes what nothing uses), then run again: nothing was left half-made."
    )


class PortTaken(StackError):
    """A port that was asked for belongs to another process."""

    default_hint = "Stop what listens there, or choose another port."


class BaseImageFailed(StackError):
    """A base image could not be made whole; nothing was kept of it."""

    default_hint = "Check that the package mirror answers (apt-get update), then run again."


class ImageBuildFailed(StackError):
    """A step of an image recipe failed."""

    default_hint = "The last lines of the build are above; correct the cause, then run again."


class ImageUnavailable(StackError):
    """An image that the settings name cannot be had."""

    default_hint = (
        "Check the name and that the registry answers, "
        "or remove it from [images] in sandbox.toml to build it from packages."
    )


class PolicyError(SandboxError):
    """A policy forbids it, or the bundle store does not answer."""

    exit_code = ExitCode.POLICY
    default_hint = "Ask whoever keeps the policy or the store."
