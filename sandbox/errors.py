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


class PlanInvalid(SettingsError):
    """A plan file is damaged, or was edited into something that is no plan."""

    default_hint = (
        "Only what stands under request may be edited. Make the plan anew: sandbox plan --out FILE."
    )


class SourceError(SandboxError):
    """The source database cannot be read as asked.

    Attributes:
        reason: Why a statement cannot be run as it is written, if that is why; without a value.
    """

    reason: str = ""
    exit_code = ExitCode.SOURCE
    default_hint = "Check the address, the account and its grants, then run again."


class SourceUnreachable(SourceError):
    """No database server answers at the address."""

    default_hint = "Check host, port or socket, and that this machine may reach them."


class AccessDenied(SourceError):
    """The server does not let the account in."""

    default_hint = "Check user and password, and from which hosts the account may come."


class TlsFailed(SourceError):
    """No encrypted connection to a server that could be verified."""

    default_hint = "Name the authority that signed the server's certificate, or use its socket."


class RightMissing(SourceError):
    """The account lacks a right that the work needs."""

    default_hint = "Ask for the right; docs/source-database.md lists them all."


class SourceChanged(SourceError):
    """A table's definition changed while it was to be read."""

    default_hint = "Run again when no migration is under way."


class SourceBusy(SourceError):
    """The server made us wait longer than we let production wait for us, or is full."""

    default_hint = "Run again at a calmer time; nothing was left locked."


class SnapshotTooOld(SourceError):
    """Reading took longer than production is to keep a snapshot for it."""

    default_hint = (
        "Take less (--sample, --where), read from a replica, or allow more with --max-time "
        "(and --max-snapshot-age); nothing was left half-made."
    )


class SourceOverloaded(SourceError):
    """The server had more to do while it was read than it should have."""

    default_hint = (
        "Run again at a calmer time, read from a replica, or allow more (--max-load, --max-lag, "
        "--max-history); nothing was left half-made."
    )


class SourceLost(SourceError):
    """The connection broke while it was in use."""

    default_hint = "Check that the server is up and nobody ended the session, then run again."


class StatementFailed(SourceError):
    """The server refused a statement for a reason that no other class tells."""

    default_hint = "Look the number up in the server's documentation; --show-sql shows statements."


class ConditionRefused(StatementFailed):
    """The server cannot run a condition that somebody asked for."""

    default_hint = (
        "A condition is what stands behind WHERE, with columns of its table, quoted for the shell: "
        "--include 'orders:id = 42'."
    )


class DumpFileInvalid(SourceError):
    """A file of definitions is no dump that we can read."""

    default_hint = (
        "Make it with: mysqldump --no-data --routines --triggers --events DATABASE "
        "(or mariadb-dump), and leave it as it is."
    )


class NoLiteral(SourceError):
    """A cell is not what its column can hold: the schema and the rows do not belong together."""

    default_hint = "The table may have changed while it was read: run again."


class KeysNotKept(SandboxError):
    """The keys of the rows that are taken do not fit on this machine."""

    exit_code = ExitCode.POLICY
    default_hint = "Free space, set TMPDIR to a place that has more, or take less (--sample)."


class MaskingRefused(SandboxError):
    """Something has no masking rule, or a rule cannot apply; nothing was written."""

    exit_code = ExitCode.MASKING
    default_hint = "Add the missing rules, then run again."


class BundleInvalid(SandboxError):
    """A bundle is damaged, incomplete or of an unknown format."""

    exit_code = ExitCode.BUNDLE
    default_hint = "Ask for the bundle again: a damaged one is never used."


class BundleNotWritten(BundleInvalid):
    """A bundle could not be written; what was there of it is gone."""

    default_hint = "Free space, or choose another place with --out, then run again."


class ScratchFailed(SandboxError):
    """What does not fit into memory could not be put aside, or not be read back."""

    exit_code = ExitCode.STACK
    default_hint = "Free space there, or name another folder with TMPDIR, then run again."


class LoadFailed(SandboxError):
    """A bundle did not come to be in the database as it is; what was loaded was dropped again."""

    exit_code = ExitCode.STACK
    default_hint = "Correct the cause, then run the same command again."


class TargetRefused(LoadFailed):
    """The database that a bundle should go into is not one that it can go into."""

    default_hint = "Name an empty database of the same engine family, then run again."


class CaptureInvalid(SandboxError):
    """An archive of a server is damaged, hostile, or none that `capture.sh` wrote."""

    exit_code = ExitCode.BUNDLE
    default_hint = (
        "Run the script on the server again (sandbox capture --script prints it) "
        "and hand over what it writes as it is."
    )


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


class MirrorUnusable(StackError):
    """This machine's package mirror cannot be told, or cannot be used to build images."""


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


class PlanRefused(PolicyError):
    """What would happen is no longer what the plan says, and what was reviewed.

    Carries one finding for each thing that differs.
    """

    default_hint = "Plan again, and look at what differs: sandbox plan --out NEW, then diff."


class RightRefused(PolicyError):
    """The account may change or disturb production, and nobody allowed that."""

    default_hint = (
        "Use an account that can only read (docs/source-database.md says which rights), "
        "or say --allow-write-grants."
    )


class StackBusy(StackError):
    """Another command works on the same sandbox."""

    default_hint = "Wait until it has ended, or give the sandbox another name: --name"


class SandboxMissing(StackError):
    """There is no such sandbox, or none that is whole."""

    default_hint = "See which there are: sandbox list. Start one: sandbox up BUNDLE --app PATH"


class SandboxExists(StackError):
    """A sandbox of that name is up already."""

    default_hint = "Replace it with --replace, or give the new one another name with --name."


class NotSealed(StackError):
    """What runs in a sandbox reaches something outside of it, or nobody can tell that it does not.

    Carries one finding for each thing that was reached, and from which container.
    """

    default_hint = (
        "What runs there may call out: do not use it. "
        "docs/isolation.md says what sealing needs; see which setting of Docker undoes it here."
    )


class CodeRefused(UsageError):
    """The application's code, or a patch of it, cannot be used as it was given."""

    default_hint = "Name a folder, FOLDER@REF, or a tar archive; a patch is one that git made."


class PatchRefused(CodeRefused):
    """A patch does not fit the code that it is for."""

    default_hint = "Make it anew against the code that the server runs: git diff > fix.patch"
