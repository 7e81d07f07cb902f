"""How a source is reached: the options of every command that reads one, and what they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.invocation import password_prompt
from sandbox.database.address import parse_address
from sandbox.database.connect import Endpoint, make_endpoint
from sandbox.database.credentials import find_credentials

Source = Annotated[
    str, typer.Option("--source", metavar="URL", help="mysql://USER@HOST:PORT/DATABASE")
]
InsecureSource = Annotated[
    bool, typer.Option("--insecure-source", help="Go without a verified TLS connection.")
]
AllowWriteGrants = Annotated[
    bool, typer.Option("--allow-write-grants", help="Accept an account that could write.")
]
DefaultsFile = Annotated[
    Path | None,
    typer.Option(
        "--defaults-file", metavar="FILE", help="Option file with user, password, TLS files."
    ),
]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", metavar="FILE", help="File with the password.")
]


@dataclass(frozen=True, slots=True)
class Access:
    """How a source is reached; the help of each option says what it is."""

    source: Source
    defaults_file: DefaultsFile = None
    password_file: PasswordFile = None
    insecure_source: InsecureSource = False
    allow_write_grants: AllowWriteGrants = False

    @property
    def endpoint(self) -> Endpoint:
        """What they lead to; asks for the password if nothing else tells it."""
        return endpoint_of(
            self.source, self.defaults_file, self.password_file, insecure=self.insecure_source
        )


def endpoint_of(
    url: str, defaults_file: Path | None, password_file: Path | None, *, insecure: bool
) -> Endpoint:
    """Give what the options of a source lead to."""
    credentials = find_credentials(
        parse_address(url),
        defaults_file=defaults_file,
        password_file=password_file,
        ask=password_prompt(),
    )
    return make_endpoint(credentials, insecure=insecure)
