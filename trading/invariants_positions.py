"""What must hold of positions, trades and what they were booked as, as queries that find what does not."""

from config.database.invariants import Invariant, written_lately

#: Trades that are new, or whose events are.
_TOUCHED_TRADES = """
    SELECT id FROM trades WHERE id >= %(trades)s
     UNION SELECT trade_id FROM position_audit WHERE id >= %(position_audit)s
"""
#: What a trade and its busts come to is booked as one: all of those of which one is new, or an entry of the ledger.
_TOUCHED_BOOKINGS = """
      WITH told AS (
        SELECT coalesce(busts_id, id) AS id FROM trades WHERE id >= %(trades)s
         UNION SELECT coalesce(busts_id, trades.id)
                 FROM account_transactions entry JOIN trades ON trades.id = reference_id
                WHERE reference_type = 'trades' AND entry.id >= %(account_transactions)s)
    SELECT id FROM told UNION SELECT bust.id FROM told JOIN trades bust ON bust.busts_id = told.id
"""
_TOUCHED_FILLS = f"""
    SELECT id FROM order_fills WHERE id >= %(order_fills)s
     UNION SELECT fill_id FROM trades WHERE id >= %(trades)s
     UNION SELECT order_fills.id FROM orders JOIN order_fills ON order_id = orders.id WHERE {written_lately("orders")}
"""
#: Positions of which anything was written lately.
_TOUCHED = f"""
    SELECT id FROM positions WHERE {written_lately("positions")}
     UNION SELECT position_id FROM position_audit WHERE id >= %(position_audit)s
     UNION SELECT position_id FROM trades WHERE id >= %(trades)s
     UNION SELECT reference_id FROM account_transactions
            WHERE reference_type = 'positions' AND id >= %(account_transactions)s
     UNION SELECT position_id FROM account_transactions entry JOIN trades ON trades.id = reference_id
            WHERE reference_type = 'trades' AND transaction_type = 'swap' AND entry.id >= %(account_transactions)s
"""

POSITION_INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        name="position_audit_chain",
        table="position_audit",
        sentence="The events of a position are numbered from 1, each beginning with what the last one left.",
        sql="""
            SELECT id::text,
                   format('event %s of position %s begins with %s; number %s is due and begins with %s',
                          seq, position_id, quantity_before, number, held) AS problem
              FROM (SELECT id, position_id, seq, quantity_before, row_number() OVER life AS number,
                           lag(quantity_after, 1, 0) OVER life AS held
                      FROM position_audit WHERE true /* of position_id */
                    WINDOW life AS (PARTITION BY position_id ORDER BY seq)) AS chain
             WHERE seq <> number OR quantity_before <> held
        """,
        touched=_TOUCHED,
    ),
    Invariant(
        name="positions_head",
        table="positions",
        sentence="A position has the quantity and the number of its last event; no change is without one.",
        sql="""
            SELECT coalesce(positions.id, last.position_id)::text AS id,
                   CASE WHEN positions.id IS NULL THEN format('%s events of a position that is not there', last.seq)
                        WHEN last.seq IS NULL THEN format('%s held without an event', quantity)
                        ELSE format('%s held at event %s, the last event is %s and left %s',
                                    quantity, last_seq, last.seq, last.quantity_after) END AS problem
              FROM (SELECT id, quantity, last_seq FROM positions WHERE true /* of id */) AS positions
              FULL JOIN (SELECT DISTINCT ON (position_id) position_id, seq, quantity_after
                           FROM position_audit WHERE true /* of position_id */ ORDER BY position_id, seq DESC) AS last
                ON last.position_id = positions.id
             WHERE (last.seq, last.quantity_after) IS DISTINCT FROM (last_seq, quantity)
        """,
        touched=_TOUCHED,
    ),
    Invariant(
        name="positions_trades",
        table="positions",
        sentence="Quantity, profit and commission of a position are the sums of its trades, in equal contracts.",
        sql="""
            SELECT positions.id::text,
                   format('%s %s, profit %s, commission %s; the trades say %s, %s, %s, in contracts of %s to %s',
                          side, quantity, realized_pnl, commission_paid, held, pnl, commission, smallest, largest)
                   AS problem
              FROM (SELECT positions.id, positions.side, positions.quantity, realized_pnl, commission_paid,
                           coalesce(CASE positions.side WHEN 'long' THEN bought ELSE -bought END, 0) AS held,
                           coalesce(pnl, 0) AS pnl, coalesce(commission, 0) AS commission, smallest, largest
                      FROM positions
                      LEFT JOIN (SELECT position_id, sum(pnl) AS pnl, sum(commission) AS commission,
                                        min(contract_size) AS smallest, max(contract_size) AS largest,
                                        sum(CASE side WHEN 'buy' THEN quantity ELSE -quantity END) AS bought
                                   FROM trades WHERE true /* of position_id */ GROUP BY position_id) AS done
                        ON done.position_id = positions.id
                     WHERE true /* of positions.id */) AS positions
             WHERE (quantity, realized_pnl, commission_paid) <> (held, pnl, commission) OR smallest <> largest
        """,
        touched=_TOUCHED,
    ),
    Invariant(
        name="positions_cost",
        table="position_audit",
        sentence="Trades make a position's prices and times; a closing one realizes the difference to its average.",
        # History that was loaded has no average prices in its events. What a bust comes to depends on what it undoes.
        sql="""
            SELECT event.id::text,
                   format('event %s of position %s: %s at %s, average price from %s to %s after %s, profit %s',
                          seq, event.position_id, event_type, trades.price, average_before, average_after, left_before,
                          pnl) AS problem
              FROM (SELECT id, position_id, trade_id, seq, event_type, quantity_before, quantity_after,
                           average_before, average_after, lag(average_after) OVER life AS left_before,
                           lead(id) OVER life IS NULL AS is_last
                      FROM position_audit
                     CROSS JOIN LATERAL (SELECT (data #>> '{average_price,0}')::numeric AS average_before,
                                                (data #>> '{average_price,1}')::numeric AS average_after) AS told
                     WHERE trade_id IS NOT NULL AND data ? 'average_price' /* of position_id */
                    WINDOW life AS (PARTITION BY position_id ORDER BY seq)) AS event
              JOIN trades ON trades.id = trade_id
              JOIN positions ON positions.id = event.position_id
              JOIN accounts ON accounts.id = positions.account_id
              JOIN currencies ON code = currency
             WHERE average_before <> left_before
                OR (average_before IS NULL) <> (event_type = 'opened')
                OR event_type = 'opened' AND (entry_price, open_time) <> (average_after, executed_at)
                OR is_last AND average_price <> average_after
                OR is_last AND close_time <> greatest(executed_at, open_time)
                OR busts_id IS NULL AND CASE position_effect
                     WHEN 'open' THEN average_after <> round(
                       (coalesce(average_before, 0) * quantity_before + trades.price * trades.quantity)
                         / nullif(quantity_after, 0), 8)
                     ELSE average_after <> average_before
                       OR abs((trades.price - average_before) * trades.quantity * contract_size * conversion_rate
                              * CASE trades.side WHEN 'sell' THEN 1 ELSE -1 END - pnl) * 2 > power(10.0, -exponent)
                   END
        """,
        touched=_TOUCHED,
    ),
    Invariant(
        name="positions_closed_flat",
        table="positions",
        sentence="A position is open as long as something is held.",
        sql="""
            SELECT id::text,
                   format('%s with %s held', CASE WHEN is_open THEN 'open' ELSE 'closed' END, quantity) AS problem
              FROM positions
             WHERE (is_open <> (quantity > 0) OR is_open <> (close_time IS NULL)) /* of id */
        """,
        touched=_TOUCHED,
    ),
    Invariant(
        name="positions_open_once",
        table="positions",
        sentence="An account nets or hedges as its positions do: one open per instrument, or one per side.",
        sql="""
            SELECT min(positions.id::text) AS id,
                   format('%s open positions of account %s in instrument %s', count(*), account_id, instrument_id)
                   AS problem
              FROM positions JOIN accounts ON accounts.id = account_id
             WHERE is_open
             GROUP BY account_id, instrument_id, CASE accounts.oms_type WHEN 'hedging' THEN side END
            HAVING count(*) > 1 OR bool_or(positions.oms_type <> accounts.oms_type)
        """,
    ),
    Invariant(
        name="trades_event",
        table="trades",
        sentence="A trade is one event of its position, at its price, and changes it by its quantity the way it says.",
        sql="""
            SELECT trades.id::text,
                   CASE WHEN event.id IS NULL THEN 'the trade is no event of its position'
                        ELSE format('trade to %s %s at %s in position %s, its event changes %s from %s to %s at %s',
                                    position_effect, quantity, trades.price, trades.position_id, event.position_id,
                                    quantity_before, quantity_after, event.price) END AS problem
              FROM trades
              LEFT JOIN position_audit event ON trade_id = trades.id
             WHERE (event.id IS NULL OR event.position_id <> trades.position_id
                    OR CASE position_effect WHEN 'open' THEN quantity_after - quantity_before
                                            ELSE quantity_before - quantity_after END <> quantity
                    OR event.price IS DISTINCT FROM trades.price)
               /* of trades.id */
        """,
        touched=_TOUCHED_TRADES,
    ),
    Invariant(
        name="order_fills_trades",
        table="order_fills",
        sentence="A fill is the sum of its trades: of its order, at its price, venue and time, in one currency.",
        sql="""
            SELECT order_fills.id::text,
                   format('fill of %s at a commission of %s, its trades say %s at %s%s', fill_quantity, fill_commission,
                          coalesce(sum(trades.quantity), 0), coalesce(sum(trades.commission), 0),
                          CASE WHEN bool_or(is_other) THEN ', of another order, price, currency, venue or time' END)
                   AS problem
              FROM order_fills
              JOIN orders ON orders.id = order_fills.order_id
              LEFT JOIN trades ON fill_id = order_fills.id
             CROSS JOIN LATERAL (
               SELECT (trades.order_id, trades.account_id, trades.instrument_id, trades.side, trades.price,
                       trades.venue, trades.liquidity_type, trades.executed_at, orders.commission_currency)
                      <> (orders.id, orders.account_id, orders.instrument_id, orders.side, fill_price,
                          order_fills.venue, order_fills.liquidity_type, order_fills.executed_at,
                          order_fills.commission_currency) AS is_other) AS compared
             WHERE true /* of order_fills.id */
             GROUP BY order_fills.id
            HAVING (fill_quantity, fill_commission)
                   <> (coalesce(sum(trades.quantity), 0), coalesce(sum(trades.commission), 0))
                OR bool_or(is_other)
        """,
        touched=_TOUCHED_FILLS,
    ),
    Invariant(
        name="trades_busts",
        table="trades",
        sentence="A bust undoes all of a trade, and is the other way round; a fill is busted as a whole.",
        # Busts are few: that they are not null leads to the index of them.
        sql="""
            SELECT bust.id::text, format('busts trade %s of order %s', trade.id, trade.order_id) AS problem
              FROM trades bust JOIN trades trade ON trade.id = bust.busts_id
             WHERE bust.busts_id IS NOT NULL
               AND (bust.side = trade.side OR trade.busts_id IS NOT NULL
                    OR (bust.order_id, bust.account_id, bust.instrument_id, bust.quantity, bust.price)
                       <> (trade.order_id, trade.account_id, trade.instrument_id, trade.quantity, trade.price)
                    OR bust.commission <> -trade.commission)
             UNION ALL
            SELECT min(trade.id::text),
                   format('of the %s trades of fill %s only %s are busted', count(*), trade.fill_id, count(bust.id))
              FROM trades trade LEFT JOIN trades bust ON bust.busts_id = trade.id
             WHERE trade.fill_id IN (SELECT busted.fill_id FROM trades b JOIN trades busted ON busted.id = b.busts_id
                                      WHERE b.busts_id IS NOT NULL)
             GROUP BY trade.fill_id
            HAVING count(*) <> count(bust.id)
        """,
    ),
    Invariant(
        name="trades_booked",
        table="trades",
        sentence="Profit, commission and swap of a trade, with what busts it, are what the ledger has booked for them.",
        sql="""
            SELECT told.id::text,
                   format('profit %s, commission %s and swap %s, booked are %s, %s and %s', told.pnl, told.commission,
                          told.swap, coalesce(booked.pnl, 0), coalesce(booked.commission, 0), coalesce(booked.swap, 0))
                   AS problem
              FROM (SELECT coalesce(busts_id, id) AS id, sum(pnl) AS pnl, sum(commission) AS commission,
                           sum(swap) AS swap
                      FROM trades WHERE true /* of id */ GROUP BY coalesce(busts_id, id)) AS told
              LEFT JOIN (SELECT coalesce(busts_id, trades.id) AS id,
                                sum(amount) FILTER (WHERE transaction_type = 'realized_pnl') AS pnl,
                                -sum(amount) FILTER (WHERE transaction_type = 'commission') AS commission,
                                sum(amount) FILTER (WHERE transaction_type = 'swap') AS swap
                           FROM account_transactions entry
                           JOIN trades ON trades.id = reference_id AND trades.account_id = entry.account_id
                           JOIN journals ON journals.id = journal_id
                           LEFT JOIN journals reversed ON reversed.id = journals.reversal_of_id
                          WHERE reference_type = 'trades' AND 'trade' IN (journals.kind, reversed.kind)
                                /* of reference_id */
                          GROUP BY coalesce(busts_id, trades.id)) AS booked
                ON booked.id = told.id
             WHERE (told.pnl, told.commission, told.swap)
                   <> (coalesce(booked.pnl, 0), coalesce(booked.commission, 0), coalesce(booked.swap, 0))
        """,
        touched=_TOUCHED_BOOKINGS,
    ),
    Invariant(
        name="ledger_of_trading",
        table="account_transactions",
        sentence="An entry that names a trade or position names one that is there, of its account or for the house.",
        sql="""
            SELECT entry.id::text,
                   format('%s of %s on account %s names %s %s, %s', transaction_type, amount, entry.account_id,
                          reference_type, reference_id,
                          CASE WHEN owner IS NULL THEN 'which is not there' ELSE 'which is of account ' || owner END)
                   AS problem
              FROM account_transactions AS entry
              LEFT JOIN trades ON reference_type = 'trades' AND trades.id = reference_id
              LEFT JOIN positions ON reference_type = 'positions' AND positions.id = reference_id
              JOIN accounts ON accounts.id = entry.account_id
             CROSS JOIN LATERAL (SELECT coalesce(trades.account_id, positions.account_id) AS owner) AS named
             WHERE reference_type IN ('trades', 'positions')
               AND (owner IS NULL OR owner <> entry.account_id AND accounts.kind <> 'house') /* of entry.id */
        """,
        touched="SELECT id FROM account_transactions WHERE id >= %(account_transactions)s",
    ),
    Invariant(
        name="positions_swaps",
        table="positions",
        sentence="The swaps of a position are what the ledger has booked for it and for its trades.",
        sql="""
            SELECT positions.id::text,
                   format('swaps of %s, booked are %s', swap_charges, coalesce(booked.swap, 0)) AS problem
              FROM positions
              LEFT JOIN (SELECT position_id, sum(amount) AS swap
                           FROM (SELECT positions.id AS position_id, amount, journal_id
                                   FROM account_transactions entry
                                   JOIN positions
                                     ON positions.id = reference_id AND positions.account_id = entry.account_id
                                  WHERE reference_type = 'positions' AND transaction_type = 'swap'
                                        /* of positions.id */
                                  UNION ALL
                                 SELECT position_id, amount, journal_id
                                   FROM account_transactions entry
                                   JOIN trades ON trades.id = reference_id AND trades.account_id = entry.account_id
                                  WHERE reference_type = 'trades' AND transaction_type = 'swap'
                                        /* of position_id */) AS entries
                           JOIN journals ON journals.id = journal_id AND kind IN ('trade', 'swap')
                          GROUP BY position_id) AS booked
                ON booked.position_id = positions.id
             WHERE swap_charges <> coalesce(booked.swap, 0) /* of positions.id */
        """,
        touched=_TOUCHED,
    ),
)
