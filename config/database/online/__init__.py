"""Changes of tables that others read and write meanwhile; each may be interrupted and begun again."""
