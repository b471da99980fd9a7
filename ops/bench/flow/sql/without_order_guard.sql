-- Numbers the event and keeps the times, as guard_order() does, and looks at nothing.
CREATE OR REPLACE FUNCTION guard_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.event_seq := 1;
  ELSE
    NEW.event_seq := OLD.event_seq + 1;
    IF NEW.status = 'new' THEN
      NEW.submitted_at := now();
    END IF;
  END IF;
  RETURN NEW;
END
$$;
