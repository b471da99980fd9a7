-- The schemas of sor_rules.conditions and .actions. Asked by CHECKs, hence immutable, and in pg_catalog's words only,
-- so that they work under any search_path (a restore has an empty one).
CREATE FUNCTION sor_conditions_valid(conditions jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN jsonb_typeof(conditions) <> 'object' THEN false ELSE NOT EXISTS (
    SELECT
      FROM jsonb_each(conditions) AS fact (name, comparisons)
     CROSS JOIN LATERAL (SELECT
             name IN ('symbol', 'instrument_type', 'base_currency', 'quote_currency', 'order_type', 'side', 'time_in_force',
                      'account_type', 'account_group', 'client_class', 'country_code', 'profile_type', 'risk_category') AS is_text,
             name IN ('quantity', 'notional', 'leverage', 'toxicity_score', 'profitability_score', 'spread_bps',
                      'utc_hour') AS is_number) AS known
     WHERE NOT (is_text OR is_number)
        OR jsonb_typeof(comparisons) <> 'object'
        OR comparisons = '{}'
        OR EXISTS (
             SELECT
               FROM jsonb_each(CASE jsonb_typeof(comparisons) WHEN 'object' THEN comparisons ELSE '{}' END) AS comparison (operator, value)
              WHERE NOT CASE
                      WHEN is_text AND operator IN ('eq', 'ne') THEN jsonb_typeof(value) = 'string'
                      WHEN is_text AND operator IN ('in', 'not_in') THEN
                        jsonb_typeof(value) = 'array' AND value <> '[]'
                        AND NOT jsonb_path_exists(value, 'strict $[*] ? (@.type() <> "string")')
                      WHEN is_number AND operator IN ('eq', 'ne', 'gt', 'gte', 'lt', 'lte') THEN jsonb_typeof(value) = 'number'
                      ELSE false
                    END)
  ) END
$$;
COMMENT ON FUNCTION sor_conditions_valid(jsonb) IS 'Are these conditions of a routing rule: known facts mapped to known comparisons?';

CREATE FUNCTION sor_actions_valid(actions jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN jsonb_typeof(actions) <> 'object' THEN false ELSE
    coalesce(actions ->> 'route' IN ('abook', 'bbook', 'hybrid'), false)
    -- Only a split order has a share, and it is a real one.
    AND (actions ->> 'route' = 'hybrid') = (actions ? 'abook_percentage')
    AND NOT EXISTS (
      SELECT
        FROM jsonb_each(actions) AS action (name, value)
       WHERE NOT CASE name
               WHEN 'route' THEN jsonb_typeof(value) = 'string'
               WHEN 'abook_percentage' THEN
                 CASE jsonb_typeof(value) WHEN 'number' THEN value::numeric > 0 AND value::numeric < 100 ELSE false END
               WHEN 'providers' THEN
                 jsonb_typeof(value) = 'array' AND value <> '[]' AND actions ->> 'route' <> 'bbook'
                 AND NOT jsonb_path_exists(value, 'strict $[*] ? (@.type() <> "string")')
               WHEN 'max_slippage_bps' THEN CASE jsonb_typeof(value) WHEN 'number' THEN value::numeric >= 0 ELSE false END
               ELSE false
             END)
  END
$$;
COMMENT ON FUNCTION sor_actions_valid(jsonb) IS 'Are these actions of a routing rule: a route, and what belongs to it?';

-- The transition table is read into arrays first and compared afterwards: one statement never mixes it with another
-- table, which a sharded database could not plan.
CREATE FUNCTION refuse_unknown_quote_sources() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  providers uuid[];
  instruments_quoted uuid[];
  unknown uuid;
BEGIN
  SELECT array_agg(provider_id), array_agg(instrument_id) INTO providers, instruments_quoted
    FROM (SELECT provider_id, instrument_id FROM arrived GROUP BY provider_id, instrument_id) AS source;
  SELECT source INTO unknown FROM unnest(providers) AS source
   WHERE NOT EXISTS (SELECT FROM liquidity_providers WHERE liquidity_providers.id = source) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'a quote names the liquidity provider %, which does not exist', unknown
      USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'lp_quotes_provider_id_fk',
            HINT = 'Write the provider first.';
  END IF;
  SELECT source INTO unknown FROM unnest(instruments_quoted) AS source
   WHERE NOT EXISTS (SELECT FROM instruments WHERE instruments.id = source) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'a quote names the instrument %, which does not exist', unknown
      USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'lp_quotes_instrument_id_fk',
            HINT = 'Write the instrument first.';
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION refuse_unknown_quote_sources() IS 'AFTER INSERT of quotes: their providers and instruments exist.';

-- The tables asked are those of this schema, whatever the writer's search_path says.
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION refuse_unknown_quote_sources() SET search_path = %I, pg_temp', current_schema());
END
$$;
