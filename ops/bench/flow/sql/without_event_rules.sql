-- Writes the event of the flow as record_order_event() does, and looks at nothing.
CREATE OR REPLACE FUNCTION record_order_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO order_audit (order_id, seq, event_type, exec_type, previous_status, new_status, venue, data)
  VALUES (
    NEW.id, NEW.event_seq,
    CASE NEW.status WHEN 'pending_new' THEN 'received' WHEN 'new' THEN 'accepted' ELSE 'filled' END,
    CASE NEW.status WHEN 'filled' THEN 'trade' ELSE NEW.status END,
    CASE TG_OP WHEN 'INSERT' THEN 'none' ELSE OLD.status END,
    NEW.status,
    coalesce(current_setting('trading.venue', true), ''),
    CASE NEW.status
      WHEN 'pending_new' THEN '{"quantity": [null, 1.00000000], "time_in_force": [null, "gtc"]}'::jsonb
      WHEN 'new' THEN jsonb_build_object('submitted_at', jsonb_build_array(NULL, NEW.submitted_at))
      ELSE jsonb_build_object(
        'filled_quantity', jsonb_build_array(OLD.filled_quantity, NEW.filled_quantity),
        'filled_notional', jsonb_build_array(OLD.filled_notional, NEW.filled_notional),
        'commission', jsonb_build_array(OLD.commission, NEW.commission),
        'commission_currency', jsonb_build_array(NULL, NEW.commission_currency),
        'filled_at', jsonb_build_array(NULL, NEW.filled_at))
    END);
  RETURN NULL;
END
$$;
