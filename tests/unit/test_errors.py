"""The error tree keeps the promises of the command line."""

from __future__ import annotations

from sandbox import errors
from sandbox.errors import ExitCode, SandboxError


def every_error() -> list[type[SandboxError]]:
    found: list[type[SandboxError]] = []
    waiting = [SandboxError]
    while waiting:
        kind = waiting.pop()
        if kind.__module__.startswith("sandbox."):  # the demo has errors of its own
            found.append(kind)
        waiting += kind.__subclasses__()
    return found


def test_every_expected_failure_has_an_exit_code_of_its_own_kind_and_a_hint() -> None:
    for kind in every_error():
        if kind is not SandboxError:
            assert kind.exit_code not in {ExitCode.YES, ExitCode.BUG}, kind
            assert kind.default_hint, kind


def test_every_error_is_defined_in_the_one_module_and_says_what_it_means() -> None:
    for kind in every_error():
        assert kind.__module__ == errors.__name__, kind
        assert kind.__doc__, kind


def test_exit_codes_are_those_of_the_contract() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "YES": 0, "BUG": 1, "USAGE": 2, "NO": 3, "NO_VERDICT": 4, "SETTINGS": 10, "SOURCE": 11,
        "MASKING": 12, "BUNDLE": 13, "STACK": 14, "POLICY": 15, "INTERRUPTED": 130,
        "TERMINATED": 143,
    }  # fmt: skip


def test_an_own_hint_replaces_the_default_even_when_empty() -> None:
    assert errors.PortTaken("x").hint == errors.PortTaken.default_hint
    assert errors.PortTaken("x", hint="y").hint == "y"
    assert errors.PortTaken("x", hint="").hint == ""
