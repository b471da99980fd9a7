REVOKE SELECT ON order_audit, position_audit FROM trading_auditor;

REVOKE SELECT
    ON instruments, instrument_sessions, instrument_marks, orders, order_status_transitions, order_fills, positions,
       trades, fee_schedules, corporate_actions
  FROM trading_readonly, trading_auditor;

REVOKE SELECT ON order_status_transitions FROM trading_app;

REVOKE SELECT, INSERT
    ON instrument_marks, order_fills, order_audit, position_audit, trades
  FROM trading_app;

REVOKE SELECT, INSERT, UPDATE, DELETE
    ON instruments, instrument_sessions, orders, positions, fee_schedules, corporate_actions
  FROM trading_app;
