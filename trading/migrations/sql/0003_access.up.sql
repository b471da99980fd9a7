-- Mutable tables.
GRANT SELECT, INSERT, UPDATE, DELETE
   ON instruments, instrument_sessions, orders, positions, fee_schedules, corporate_actions
   TO trading_app;

-- Append-only tables: the triggers refuse the rest even to the owner, the grants do not offer it.
GRANT SELECT, INSERT
   ON instrument_marks, order_fills, order_audit, position_audit, trades
   TO trading_app;

-- Part of the schema: migrations write it.
GRANT SELECT ON order_status_transitions TO trading_app;

-- Nothing here is secret.
GRANT SELECT
   ON instruments, instrument_sessions, instrument_marks, orders, order_status_transitions, order_fills, positions,
      trades, fee_schedules, corporate_actions
   TO trading_readonly, trading_auditor;

GRANT SELECT ON order_audit, position_audit TO trading_auditor;
