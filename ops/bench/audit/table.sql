-- The columns, CHECKs and indexes of orders, and none of its own triggers but the one that keeps updated_at.
CREATE TABLE bench_orders (LIKE orders INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING INDEXES);
CREATE TRIGGER bench_orders_touch BEFORE UPDATE ON bench_orders FOR EACH ROW EXECUTE FUNCTION set_updated_at();
CREATE TABLE bench_rows AS
SELECT uuidv7() AS account_id, uuidv7() AS user_id, 'bench-' || n AS client_order_id, uuidv7() AS instrument_id,
       'limit' AS order_type, 'buy' AS side, 1 + n % 100 AS quantity, 1 + n / 1000.0 AS price, 'new' AS status
  FROM generate_series(1, 10000) AS n;
GRANT SELECT ON bench_rows TO trading_app;
GRANT SELECT, INSERT, UPDATE ON bench_orders TO trading_app;
