-- Each new version of the row goes to a table of its own, as django-pghistory's row triggers do.
CREATE TABLE bench_events (LIKE orders);
ALTER TABLE bench_events DROP CONSTRAINT IF EXISTS bench_events_pkey;
ALTER TABLE bench_events ADD COLUMN pgh_id bigserial PRIMARY KEY,
  ADD COLUMN pgh_created_at timestamptz NOT NULL DEFAULT now(), ADD COLUMN pgh_label text NOT NULL,
  ADD COLUMN pgh_obj_id uuid NOT NULL, ADD COLUMN pgh_context jsonb;
CREATE INDEX bench_events_obj_idx ON bench_events (pgh_obj_id);
CREATE FUNCTION bench_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO bench_events SELECT NEW.*, nextval('bench_events_pgh_id_seq'), now(), TG_OP, NEW.id, nullif(current_setting('audit.context', true), '')::jsonb;
  RETURN NULL;
END
$$;
CREATE TRIGGER bench_orders_event AFTER INSERT OR UPDATE ON bench_orders FOR EACH ROW EXECUTE FUNCTION bench_event();
