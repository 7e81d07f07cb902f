"""Records of what people and programs leave behind."""

from dataclasses import dataclass


@dataclass(slots=True)
class Session:
    """A PHP session."""

    id: str
    modified: int | None
    lifetime: int | None
    data: bytes | None


@dataclass(slots=True)
class Setting:
    """A setting of the shop."""

    name: str
    value: str | None


@dataclass(slots=True)
class AuditEntry:
    """A row of `audit_log`."""

    id: int
    at: str
    actor_type: str
    actor_id: int | None
    action: str
    message: str | None


@dataclass(slots=True)
class Attachment:
    """A file somebody attached to something."""

    id: int
    owner_type: str
    owner_id: int
    filename: str
    mime_type: str
    content: bytes | None
    sha1: bytes | None


@dataclass(slots=True)
class Subscriber:
    """A row of `newsletter_subscribers`."""

    email: str
    token: str
    subscribed_at: str
    source: str | None


@dataclass(slots=True)
class LoginAttempt:
    """Somebody tried to log in."""

    at: str
    login: str
    ip: str
    success: int


@dataclass(slots=True)
class Mail:
    """A row of `mail_queue`."""

    id: int
    recipient: str
    subject: str
    body: str
    queued_at: str
    sent_at: str | None
