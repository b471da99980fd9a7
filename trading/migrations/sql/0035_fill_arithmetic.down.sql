CREATE OR REPLACE FUNCTION round_half_even(amount numeric, decimals integer) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
           WHEN abs(amount - trunc(amount, decimals)) = ('5e-' || decimals + 1)::numeric
                AND mod(trunc(amount, decimals) * ('1e' || decimals)::numeric, 2) = 0
             THEN trunc(amount, decimals)
           ELSE round(amount, decimals)
         END
$$;

CREATE OR REPLACE FUNCTION trade_legs(account uuid, house uuid, trade uuid, pnl numeric, commission numeric) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
           'account', leg.account, 'type', type, 'amount', amount, 'reference_type', 'trades', 'reference_id', trade)), '[]')
    FROM (VALUES (account, 'realized_pnl', pnl), (house, 'realized_pnl', -pnl),
                 (account, 'commission', -commission), (house, 'commission', commission)) AS leg (account, type, amount)
   WHERE amount <> 0
$$;
