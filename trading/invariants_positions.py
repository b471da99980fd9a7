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
_TOUCHED_FILLS = """
    SELECT id FROM order_fills WHERE id >= %(order_fills)s
     UNION SELECT fill_id FROM trades WHERE id >= %(trades)s
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
        sentence="Quantity, realized profit and commission of a position are the sums of its trades.",
        sql="""
            SELECT positions.id::text,
                   format('%s %s, profit %s, commission %s; the trades say %s, %s, %s',
                          side, quantity, realized_pnl, commission_paid, held, pnl, commission) AS problem
              FROM (SELECT positions.id, positions.side, positions.quantity, realized_pnl, commission_paid,
                           coalesce(CASE positions.side WHEN 'long' THEN bought ELSE -bought END, 0) AS held,
                           coalesce(pnl, 0) AS pnl, coalesce(commission, 0) AS commission
                      FROM positions
                      LEFT JOIN (SELECT position_id, sum(pnl) AS pnl, sum(commission) AS commission,
                                        sum(CASE side WHEN 'buy' THEN quantity ELSE -quantity END) AS bought
                                   FROM trades WHERE true /* of position_id */ GROUP BY position_id) AS done
                        ON done.position_id = positions.id
                     WHERE true /* of positions.id */) AS positions
             WHERE (quantity, realized_pnl, commission_paid) <> (held, pnl, commission)
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
        sentence="A trade is one event of its position, and changes it by its quantity.",
        sql="""
            SELECT trades.id::text,
                   CASE WHEN event.id IS NULL THEN 'the trade is no event of its position'
                        ELSE format('trade of %s in position %s, its event changes position %s from %s to %s',
                                    quantity, trades.position_id, event.position_id, quantity_before, quantity_after)
                        END AS problem
              FROM trades
              LEFT JOIN position_audit event ON trade_id = trades.id
             WHERE (event.id IS NULL OR event.position_id <> trades.position_id
                    OR abs(quantity_after - quantity_before) <> quantity)
               /* of trades.id */
        """,
        touched=_TOUCHED_TRADES,
    ),
    Invariant(
        name="order_fills_trades",
        table="order_fills",
        sentence="A fill is the sum of its trades, at its price.",
        sql="""
            SELECT order_fills.id::text,
                   format('fill of %s at a commission of %s, its trades say %s at %s', fill_quantity, fill_commission,
                          coalesce(sum(quantity), 0), coalesce(sum(commission), 0)) AS problem
              FROM order_fills
              LEFT JOIN trades ON fill_id = order_fills.id
             WHERE true /* of order_fills.id */
             GROUP BY order_fills.id
            HAVING (fill_quantity, fill_commission) <> (coalesce(sum(quantity), 0), coalesce(sum(commission), 0))
                OR bool_or(price <> fill_price)
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
        sentence="Profit and commission of a trade, with what busts it, are what the ledger has booked for them.",
        sql="""
            SELECT told.id::text,
                   format('profit %s and commission %s, booked are %s and %s', told.pnl, told.commission,
                          coalesce(booked.pnl, 0), coalesce(booked.commission, 0)) AS problem
              FROM (SELECT coalesce(busts_id, id) AS id, sum(pnl) AS pnl, sum(commission) AS commission
                      FROM trades WHERE true /* of id */ GROUP BY coalesce(busts_id, id)) AS told
              LEFT JOIN (SELECT coalesce(busts_id, trades.id) AS id,
                                sum(amount) FILTER (WHERE transaction_type = 'realized_pnl') AS pnl,
                                -sum(amount) FILTER (WHERE transaction_type = 'commission') AS commission
                           FROM account_transactions entry
                           JOIN trades ON trades.id = reference_id AND trades.account_id = entry.account_id
                           JOIN journals ON journals.id = journal_id
                           LEFT JOIN journals reversed ON reversed.id = journals.reversal_of_id
                          WHERE reference_type = 'trades' AND 'trade' IN (journals.kind, reversed.kind)
                                /* of reference_id */
                          GROUP BY coalesce(busts_id, trades.id)) AS booked
                ON booked.id = told.id
             WHERE (told.pnl, told.commission) <> (coalesce(booked.pnl, 0), coalesce(booked.commission, 0))
        """,
        touched=_TOUCHED_BOOKINGS,
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
