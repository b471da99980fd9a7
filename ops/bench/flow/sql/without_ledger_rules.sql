-- Moves the heads as post_entries() does, and looks at nothing.
CREATE OR REPLACE FUNCTION post_entries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  UPDATE accounts
     SET balance = accounts.balance + head.amount,
         equity = equity + head.amount,
         margin_available = margin_available + head.amount,
         last_seq = head.last_seq
    FROM (SELECT account_id, max(seq) AS last_seq, sum(amount) AS amount FROM entries GROUP BY account_id) AS head
   WHERE accounts.id = head.account_id;
  RETURN NULL;
END
$$;
