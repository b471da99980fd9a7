-- The functions of orders, as they are: they know rows by their columns.
CREATE TRIGGER bench_orders_audit_insert AFTER INSERT ON bench_orders REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION orders_audit_insert();
CREATE TRIGGER bench_orders_audit_update AFTER UPDATE ON bench_orders REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION orders_audit_update();
