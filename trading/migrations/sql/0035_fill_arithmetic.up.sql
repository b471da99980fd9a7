-- The same arithmetic in a language that keeps its plans: an SQL function that cannot be inlined is parsed at each call.

CREATE OR REPLACE FUNCTION round_half_even(amount numeric, decimals integer) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN CASE
    WHEN abs(amount - trunc(amount, decimals)) = ('5e-' || decimals + 1)::numeric
         AND mod(trunc(amount, decimals) * ('1e' || decimals)::numeric, 2) = 0
      THEN trunc(amount, decimals)
    ELSE round(amount, decimals)
  END;
END
$$;

CREATE OR REPLACE FUNCTION trade_legs(account uuid, house uuid, trade uuid, pnl numeric, commission numeric) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  legs jsonb := '[]';
BEGIN
  IF pnl <> 0 THEN
    legs := jsonb_build_array(
      jsonb_build_object(
        'account', account, 'type', 'realized_pnl', 'amount', pnl, 'reference_type', 'trades', 'reference_id', trade),
      jsonb_build_object(
        'account', house, 'type', 'realized_pnl', 'amount', -pnl, 'reference_type', 'trades', 'reference_id', trade));
  END IF;
  IF commission <> 0 THEN
    legs := legs || jsonb_build_array(
      jsonb_build_object(
        'account', account, 'type', 'commission', 'amount', -commission, 'reference_type', 'trades', 'reference_id', trade),
      jsonb_build_object(
        'account', house, 'type', 'commission', 'amount', commission, 'reference_type', 'trades', 'reference_id', trade));
  END IF;
  RETURN legs;
END
$$;

-- Fills call it as the owner, after anybody may have: its variable is of the schema's type.
DO $$
BEGIN
  EXECUTE format(
    'ALTER FUNCTION trade_legs(uuid, uuid, uuid, numeric, numeric) SET search_path = %I, pg_temp', current_schema());
END
$$;
