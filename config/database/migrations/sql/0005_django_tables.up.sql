-- Django's own tables: the application uses them, but which migrations have run is written by the owner only.
GRANT SELECT ON django_migrations, django_content_type, auth_permission TO trading_app, trading_readonly, trading_auditor;
GRANT SELECT, INSERT, UPDATE, DELETE ON django_session, auth_group, auth_group_permissions TO trading_app;
GRANT SELECT, INSERT ON django_admin_log TO trading_app;
GRANT SELECT ON django_admin_log TO trading_readonly, trading_auditor;
