-- The legal changes of an order's status: FIX 5.0 SP2, appendix D, and the ones that a broker needs.
-- exec_type is what is reported for the change. A request that is refused, and an order that is taken up again,
-- are reported as restated; trade_cancel is a change that only a bust trade may cause.
INSERT INTO order_status_transitions (from_status, to_status, exec_type) VALUES
  ('none', 'pending_new', 'pending_new'),
  ('none', 'new', 'new'),
  ('none', 'rejected', 'rejected'),

  ('pending_new', 'new', 'new'),
  ('pending_new', 'rejected', 'rejected'),
  ('pending_new', 'partially_filled', 'trade'),
  ('pending_new', 'filled', 'trade'),
  ('pending_new', 'pending_cancel', 'pending_cancel'),
  ('pending_new', 'canceled', 'canceled'),
  ('pending_new', 'expired', 'expired'),

  ('new', 'partially_filled', 'trade'),
  ('new', 'filled', 'trade'),
  ('new', 'done_for_day', 'done_for_day'),
  ('new', 'pending_cancel', 'pending_cancel'),
  ('new', 'pending_replace', 'pending_replace'),
  ('new', 'rejected', 'rejected'),
  ('new', 'stopped', 'stopped'),
  ('new', 'canceled', 'canceled'),
  ('new', 'expired', 'expired'),
  ('new', 'suspended', 'suspended'),

  ('partially_filled', 'partially_filled', 'trade'),
  ('partially_filled', 'filled', 'trade'),
  ('partially_filled', 'done_for_day', 'done_for_day'),
  ('partially_filled', 'pending_cancel', 'pending_cancel'),
  ('partially_filled', 'pending_replace', 'pending_replace'),
  ('partially_filled', 'canceled', 'canceled'),
  ('partially_filled', 'expired', 'expired'),
  ('partially_filled', 'suspended', 'suspended'),
  ('partially_filled', 'new', 'trade_cancel'),

  ('filled', 'partially_filled', 'trade_cancel'),
  ('filled', 'new', 'trade_cancel'),
  ('filled', 'pending_replace', 'pending_replace'),

  ('done_for_day', 'partially_filled', 'restated'),
  ('done_for_day', 'new', 'restated'),
  ('done_for_day', 'canceled', 'canceled'),
  ('done_for_day', 'expired', 'expired'),
  ('done_for_day', 'calculated', 'calculated'),

  ('pending_cancel', 'new', 'restated'),
  ('pending_cancel', 'partially_filled', 'trade'),
  ('pending_cancel', 'filled', 'trade'),
  ('pending_cancel', 'canceled', 'canceled'),
  ('pending_cancel', 'expired', 'expired'),

  ('pending_replace', 'new', 'replaced'),
  ('pending_replace', 'partially_filled', 'replaced'),
  ('pending_replace', 'filled', 'replaced'),
  ('pending_replace', 'canceled', 'canceled'),
  ('pending_replace', 'pending_cancel', 'pending_cancel'),
  ('pending_replace', 'expired', 'expired'),

  ('stopped', 'partially_filled', 'trade'),
  ('stopped', 'filled', 'trade'),
  ('stopped', 'canceled', 'canceled'),

  ('suspended', 'new', 'restated'),
  ('suspended', 'partially_filled', 'restated'),
  ('suspended', 'pending_cancel', 'pending_cancel'),
  ('suspended', 'canceled', 'canceled'),
  ('suspended', 'expired', 'expired');
