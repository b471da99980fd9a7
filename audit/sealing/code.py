"""Functions and triggers as they were sealed: who alters one can write past the log."""

from __future__ import annotations

import json
from typing import Any

from audit.choices import SealKind
from audit.sealing import chain
from audit.sealing.findings import Finding, Findings, Problem

#: Name and SHA-256 of every function of the schema and every trigger of its tables; those that partitions inherit are
#: compared with their table's, not listed, and neither are those of one that is detached and about to be dropped. A
#: trigger's state is part of it. A condition is taken without the casts and brackets that a dump and a restore spell in
#: another way; those that group it stay.
_DEFINITIONS = """
    SELECT format('function %%s(%%s)', p.proname, pg_get_function_identity_arguments(p.oid)),
           encode(sha256(convert_to(pg_get_functiondef(p.oid) || p.proowner::regrole::text, 'UTF8')), 'hex')
      FROM pg_proc p
     WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind = 'f'
       AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
     UNION ALL
    SELECT format('trigger %%s of %%s', t.tgname, c.relname),
           encode(sha256(convert_to(
             regexp_replace(pg_get_triggerdef(t.oid, true), '::(character varying|text)([[][]])?', '', 'g')
             || t.tgenabled::text, 'UTF8')), 'hex')
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE NOT t.tgisinternal AND NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace
       AND c.relname !~ '_p[0-9]{4}_[0-9]{2}(_[0-9]{2})?$'
     UNION ALL
    SELECT format('trigger %%s of %%s', t.tgname, c.relname), 'differs from its table''s'
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_trigger parent ON parent.oid = t.tgparentid
     WHERE t.tgenabled <> parent.tgenabled AND c.relnamespace = current_schema()::regnamespace
     ORDER BY 1
"""


def definitions(cursor: Any) -> dict[str, str]:
    """All functions and triggers that there are, by name, with a hash of what they are."""
    cursor.execute(_DEFINITIONS, [])
    return dict(cursor.fetchall())


def seal_code(cursor: Any, head: chain.Seal) -> chain.Seal:
    """Seal the functions and triggers that there are now, if they are not those that were sealed last."""
    text = json.dumps(definitions(cursor), separators=(",", ":"), sort_keys=True)
    if _sealed_text(cursor) == text:
        return head
    return chain.append(cursor, head, SealKind.CODE, details=text)


def verify_code(cursor: Any, findings: Findings) -> None:
    """Compare them with the ones that were sealed last."""
    text = _sealed_text(cursor)
    if text is None:
        return
    sealed: dict[str, str] = json.loads(text)
    live = definitions(cursor)
    for name in sorted(sealed.keys() | live.keys()):
        if name not in live:
            what = "is gone"
        elif name not in sealed:
            what = "has come" if len(live[name]) == 64 else live[name]
        elif live[name] != sealed[name]:
            what = "is not what it was, or was switched off"
        else:
            continue
        findings.add(
            Finding(problem=Problem.CODE, key=name, sentence=f"The {name} {what} since the last migration was sealed.")
        )


def _sealed_text(cursor: Any) -> str | None:
    cursor.execute("SELECT details FROM audit_seals WHERE kind = 'code' ORDER BY id DESC LIMIT 1")
    row = cursor.fetchone()
    return str(row[0]) if row else None
