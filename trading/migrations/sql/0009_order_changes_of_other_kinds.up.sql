-- What happens to an order while its status stays, and the second reason for a status to change. The exec type tells
-- them apart, so an event points at all three.
INSERT INTO order_status_transitions (from_status, to_status, exec_type) VALUES
  -- Routing, exits, times … are told again.
  ('pending_new', 'pending_new', 'restated'),
  ('new', 'new', 'restated'),
  ('partially_filled', 'partially_filled', 'restated'),
  ('filled', 'filled', 'restated'),
  ('done_for_day', 'done_for_day', 'restated'),
  ('pending_cancel', 'pending_cancel', 'restated'),
  ('pending_replace', 'pending_replace', 'restated'),
  ('stopped', 'stopped', 'restated'),
  ('suspended', 'suspended', 'restated'),

  -- A part is filled while a request waits: pending goes before partially filled in FIX. All of it ends the waiting.
  ('pending_cancel', 'pending_cancel', 'trade'),
  ('pending_replace', 'pending_replace', 'trade'),
  ('pending_replace', 'filled', 'trade'),

  -- A request is refused.
  ('pending_cancel', 'partially_filled', 'restated'),
  -- It was filled, and waited for a replace request before.
  ('pending_cancel', 'filled', 'restated'),
  ('pending_replace', 'new', 'restated'),
  ('pending_replace', 'partially_filled', 'restated'),
  ('pending_replace', 'filled', 'restated'),

  -- A fill is undone, or its price corrected, and the status stays: also of an order that is dead otherwise.
  ('partially_filled', 'partially_filled', 'trade_cancel'),
  ('pending_cancel', 'pending_cancel', 'trade_cancel'),
  ('pending_replace', 'pending_replace', 'trade_cancel'),
  ('done_for_day', 'done_for_day', 'trade_cancel'),
  ('suspended', 'suspended', 'trade_cancel'),
  ('canceled', 'canceled', 'trade_cancel'),
  ('expired', 'expired', 'trade_cancel'),
  ('calculated', 'calculated', 'trade_cancel'),
  ('partially_filled', 'partially_filled', 'trade_correct'),
  ('filled', 'filled', 'trade_correct'),
  ('pending_cancel', 'pending_cancel', 'trade_correct'),
  ('pending_replace', 'pending_replace', 'trade_correct'),
  ('done_for_day', 'done_for_day', 'trade_correct'),
  ('suspended', 'suspended', 'trade_correct'),
  ('canceled', 'canceled', 'trade_correct'),
  ('expired', 'expired', 'trade_correct'),
  ('calculated', 'calculated', 'trade_correct');
