"""The sink's pages: what arrived, newest first, and one arrival in full."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # sink.py imports this module
    from sink import Call, Mail

_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem;
       color: #1c2733; background: #fbfcfd; }}
h1 {{ font-size: 1.3rem; }} h2 {{ font-size: 1.05rem; margin-top: 2rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid #dde4ea;
          vertical-align: top; }}
th {{ font-weight: 600; color: #5a6b7b; }} pre {{ background: #f0f3f6; padding: 1rem;
     white-space: pre-wrap; overflow-wrap: anywhere; }}
.none {{ color: #5a6b7b; }} time {{ color: #5a6b7b; white-space: nowrap; }}
</style></head><body><h1>{title}</h1>{body}</body></html>
"""


def list_page(mails: list[Mail], calls: list[Call]) -> str:
    """List every mail and every call that arrived."""
    mail_rows = [
        (m.at, f"/mail/{m.number}", m.subject or "(no subject)", ", ".join(m.recipients))
        for m in mails
    ]
    call_rows = [
        (c.at, f"/calls/{c.number}", f"{c.method} {c.host}{c.path}", str(c.status)) for c in calls
    ]
    body = (
        "<p>Nothing that arrives here goes any further.</p>"
        f"<h2>Mail ({len(mails)})</h2>{_table(('at', 'subject', 'to'), mail_rows)}"
        f"<h2>Outbound calls ({len(calls)})</h2>{_table(('at', 'call', 'answered'), call_rows)}"
    )
    return _FRAME.format(title="Sink", body=body)


def mail_page(mail: Mail) -> str:
    """Show one mail: its envelope, its text and its source."""
    body = (
        f"{_facts({'at': mail.at, 'from': mail.sender, 'to': ', '.join(mail.recipients)})}"
        f"<h2>Text</h2><pre>{escape(mail.text)}</pre>"
        f"<h2>Source</h2><pre>{escape(mail.source)}</pre>"
    )
    return _FRAME.format(title=escape(mail.subject or "(no subject)"), body=body)


def call_page(call: Call) -> str:
    """Show one call: its headers, its body and what it was answered with."""
    headers = "\n".join(f"{name}: {value}" for name, value in call.headers.items())
    body = (
        f"{_facts({'at': call.at, 'answered': str(call.status)})}"
        f"<h2>Headers</h2><pre>{escape(headers)}</pre><h2>Body</h2><pre>{escape(call.body)}</pre>"
    )
    return _FRAME.format(title=escape(f"{call.method} {call.host}{call.path}"), body=body)


def _table(heads: tuple[str, str, str], rows: list[tuple[str, str, str, str]]) -> str:
    if not rows:
        return '<p class="none">None so far.</p>'
    lines = "".join(
        f"<tr><td><time>{escape(at)}</time></td>"
        f'<td><a href="{escape(link)}">{escape(what)}</a></td><td>{escape(last)}</td></tr>'
        for at, link, what, last in rows
    )
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _facts(facts: dict[str, str]) -> str:
    rows = "".join(
        f"<tr><th>{name}</th><td>{escape(text)}</td></tr>" for name, text in facts.items()
    )
    return f"<table>{rows}</table>"
