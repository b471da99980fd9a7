-- A UUID of version 7 (RFC 9562, section 5.7) whose 12 bits after the version carry the fraction of the
-- millisecond (method 3 of section 6.2): rows of one millisecond stay in order, which keeps the index dense.
-- PostgreSQL 18 has it built in.
DO $do$
BEGIN
  IF current_setting('server_version_num')::int < 180000 THEN
    CREATE FUNCTION uuidv7() RETURNS uuid LANGUAGE plpgsql VOLATILE PARALLEL SAFE AS $$
    DECLARE
      micros bigint := extract(epoch FROM clock_timestamp()) * 1000000;
    BEGIN
      RETURN encode(
        substring(int8send(micros / 1000) FROM 3)
          || int2send((28672 + (micros % 1000) * 4096 / 1000)::int2)  -- 28672 = version 7 in the high nibble
          || substring(uuid_send(gen_random_uuid()) FROM 9),          -- variant and 62 random bits
        'hex')::uuid;
    END
    $$;
    COMMENT ON FUNCTION uuidv7() IS 'Time-ordered UUID (RFC 9562), ordered to the microsecond.';
  END IF;
END
$do$;

CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION set_updated_at() IS 'BEFORE UPDATE: the database keeps updated_at, whoever writes.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table % is append-only: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only',
          HINT = 'Write a new row that corrects the old one.';
END
$$;
COMMENT ON FUNCTION refuse_change() IS 'BEFORE UPDATE, DELETE, TRUNCATE of append-only tables.';

-- The condition keeps the time of the first deletion.
CREATE FUNCTION soft_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('UPDATE %I.%I SET deleted_at = now() WHERE id = $1 AND deleted_at IS NULL', TG_TABLE_SCHEMA, TG_TABLE_NAME)
    USING OLD.id;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION soft_delete() IS 'BEFORE DELETE: sets deleted_at and keeps the row.';
