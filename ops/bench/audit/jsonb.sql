-- Old and new row as jsonb, row by row, under GIN: what most recipes for an audit trigger do.
CREATE TABLE bench_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(), table_name text NOT NULL,
  record_id uuid NOT NULL, action text NOT NULL, old_row jsonb, new_row jsonb, said text, login text NOT NULL DEFAULT session_user);
CREATE INDEX bench_changes_record_idx ON bench_changes (table_name, record_id, at);
CREATE INDEX bench_changes_old_idx ON bench_changes USING gin (old_row);
CREATE INDEX bench_changes_new_idx ON bench_changes USING gin (new_row);
CREATE FUNCTION bench_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO bench_changes (table_name, record_id, action, old_row, new_row, said)
  VALUES (TG_TABLE_NAME, NEW.id, TG_OP, CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(OLD) END, to_jsonb(NEW), current_setting('audit.context', true));
  RETURN NULL;
END
$$;
CREATE TRIGGER bench_orders_change AFTER INSERT OR UPDATE ON bench_orders FOR EACH ROW EXECUTE FUNCTION bench_change();
