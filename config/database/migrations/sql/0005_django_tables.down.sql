REVOKE ALL ON django_migrations, django_content_type, auth_permission, django_session, auth_group,
  auth_group_permissions, django_admin_log FROM trading_app, trading_readonly, trading_auditor;
