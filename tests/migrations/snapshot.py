"""A schema as lines of text, so that two of them can be compared.

Partitions are left out (they are data), and so is what extensions bring along.
"""

from typing import Any

OURS = """
    relnamespace = current_schema()::regnamespace AND NOT relispartition
    AND NOT EXISTS (SELECT FROM pg_depend
                     WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
"""

#: What others than the owner may do, in a fixed order.
GRANTS = """
    (SELECT string_agg(format('%%s:%%s', grantee::regrole, privilege_type), ' '
                       ORDER BY grantee::regrole::text, privilege_type)
       FROM aclexplode({acl}) WHERE grantee <> {owner})
"""

QUERIES = [
    f"""
    SELECT format('relation %%s %%s %%s %%s %%s %%s', relname, relkind, relowner::regrole, reloptions,
                  pg_get_partkeydef(c.oid), {GRANTS.format(acl="relacl", owner="relowner")})
      FROM pg_class c WHERE {OURS} AND relkind IN ('r', 'p', 'v', 'm', 'S')
    """,
    f"""
    SELECT format('column %%s.%%s %%s %%s %%s %%s%%s %%s %%s', relname, attname, format_type(atttypid, atttypmod),
                  attnotnull, pg_get_expr(adbin, adrelid), attidentity, attgenerated, nullif(attstattarget, -1),
                  {GRANTS.format(acl="attacl", owner="relowner")})
      FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
      LEFT JOIN pg_attrdef ON adrelid = c.oid AND adnum = attnum
     WHERE {OURS} AND relkind IN ('r', 'p', 'v', 'm')
    """,
    f"""
    SELECT format('constraint %%s on %%s %%s', conname, relname,
                  replace(pg_get_constraintdef(k.oid), ' NOT VALID', ''))
      FROM pg_class c JOIN pg_constraint k ON conrelid = c.oid WHERE {OURS} AND contype <> 'n'
    """,
    f"""
    SELECT format('index %%s %%s %%s', pg_get_indexdef(indexrelid), indisvalid, indisready)
      FROM pg_class c JOIN pg_index ON indrelid = c.oid WHERE {OURS}
    """,
    f"""
    SELECT format('trigger %%s %%s', pg_get_triggerdef(t.oid), tgenabled)
      FROM pg_class c JOIN pg_trigger t ON tgrelid = c.oid WHERE {OURS} AND NOT tgisinternal
    """,
    f"""
    SELECT format('function %%s %%s %%s', pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc'),
                  {GRANTS.format(acl="coalesce(proacl, acldefault('f', proowner))", owner="proowner")})
      FROM pg_proc p WHERE pronamespace = current_schema()::regnamespace AND prokind = 'f'
       AND NOT EXISTS (SELECT FROM pg_depend
                        WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
    """,
    f"""
    SELECT format('schema %%s', {GRANTS.format(acl="coalesce(nspacl, acldefault('n', nspowner))", owner="nspowner")})
      FROM pg_namespace WHERE nspname = current_schema()
    """,
    """
    SELECT format('type %%s', typname) FROM pg_type t
     WHERE typnamespace = current_schema()::regnamespace AND typtype IN ('e', 'd')
       AND NOT EXISTS (SELECT FROM pg_depend
                        WHERE classid = 'pg_type'::regclass AND objid = t.oid AND deptype = 'e')
    """,
]


def schema_of(connection: Any) -> set[str]:
    """Every object of the connection's schema, one line each; `connection` is Django's."""
    lines: set[str] = set()
    with connection.cursor() as cursor:
        for query in QUERIES:
            cursor.execute(query, [])
            lines |= {line for (line,) in cursor.fetchall()}
    return lines


def ours(lines: set[str]) -> set[str]:
    """Without the table in which Django remembers what was applied."""
    return {line for line in lines if "django_migrations" not in line}
