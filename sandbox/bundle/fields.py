"""What the fields of a manifest may hold, and how strictly they are taken."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

STRICT = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)

Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(min_length=1, max_length=256)]
MaybeName = Annotated[str, Field(max_length=256)]
Text = Annotated[str, Field(max_length=64 * 1024)]
# Goes into statements as it stands.
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{0,64}$")]
