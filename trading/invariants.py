"""What must hold of orders, their fills and their events, as queries that find what does not.

The database lets no such row in; these look at what is there, all of it, also after a restore or a repair by hand.
"""

from config.database.invariants import Invariant, written_lately
from trading.invariants_positions import POSITION_INVARIANTS

#: Orders of which anything was written lately.
_TOUCHED = f"""
    SELECT id FROM orders WHERE {written_lately("orders")}
     UNION SELECT order_id FROM order_audit WHERE id >= %(order_audit)s
     UNION SELECT order_id FROM order_fills WHERE id >= %(order_fills)s
     UNION SELECT order_id FROM trades WHERE id >= %(trades)s
"""
_NEW_EVENTS = "SELECT id FROM order_audit WHERE id >= %(order_audit)s"

ORDER_INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        name="order_audit_chain",
        table="order_audit",
        sentence="The events of an order are numbered from 1 without a gap, each beginning where the last one ended.",
        sql="""
            SELECT id::text,
                   format('event %s of order %s begins as %s; the one before it is number %s and ended as %s',
                          seq, order_id, previous_status, before, ended) AS problem
              FROM (SELECT id, order_id, seq, previous_status, lag(seq, 1, 0) OVER life AS before,
                           lag(new_status, 1, 'none') OVER life AS ended
                      FROM order_audit WHERE true /* of order_id */
                    WINDOW life AS (PARTITION BY order_id ORDER BY seq)) AS chain
             WHERE seq <> before + 1 OR previous_status <> ended
        """,
        touched=_TOUCHED,
    ),
    Invariant(
        name="order_audit_transition",
        table="order_audit",
        sentence="Every change of an order's status is legal, and of a kind that is known for it.",
        sql="""
            SELECT event.id::text,
                   format('event %s of order %s: %s to %s by %s is no legal change',
                          seq, order_id, previous_status, new_status, event.exec_type) AS problem
              FROM order_audit event
              LEFT JOIN order_status_transitions legal
                ON legal.from_status = previous_status AND to_status = new_status AND legal.exec_type = event.exec_type
             WHERE legal.id IS NULL /* of event.id */
        """,
        touched=_NEW_EVENTS,
    ),
    Invariant(
        name="order_audit_has_change",
        table="order_audit",
        sentence="Every event changes its order: the status, or a column that its data name.",
        sql="""
            SELECT id::text, format('event %s of order %s changes nothing', seq, order_id) AS problem
              FROM order_audit
             WHERE previous_status = new_status AND data = '{}' /* of id */
        """,
        touched=_NEW_EVENTS,
    ),
    Invariant(
        name="orders_head",
        table="orders",
        sentence="An order has the status and the number of its last event; no change is without one.",
        sql="""
            SELECT coalesce(orders.id, last.order_id)::text AS id,
                   CASE WHEN orders.id IS NULL THEN format('%s events of an order that is not there', last.seq)
                        WHEN last.seq IS NULL THEN 'the order has no event'
                        ELSE format('the order is %s at event %s, its last event is %s and ended as %s',
                                    status, event_seq, last.seq, last.new_status) END AS problem
              FROM (SELECT id, status, event_seq FROM orders WHERE true /* of id */) AS orders
              FULL JOIN (SELECT DISTINCT ON (order_id) order_id, seq, new_status
                           FROM order_audit WHERE true /* of order_id */ ORDER BY order_id, seq DESC) AS last
                ON last.order_id = orders.id
             WHERE (last.seq, last.new_status) IS DISTINCT FROM (event_seq, status::text)
        """,
        touched=_TOUCHED,
    ),
    Invariant(
        name="orders_filled",
        table="orders",
        sentence="What is filled of an order, and at what cost, is the sum of its fills, without late and busted ones.",
        sql="""
            SELECT orders.id::text,
                   format('filled %s for %s at a commission of %s, the fills say %s for %s at %s',
                          filled_quantity, filled_notional, orders.commission, coalesce(quantity_sum, 0),
                          coalesce(notional_sum, 0), coalesce(commission_sum, 0)) AS problem
              FROM orders
              LEFT JOIN (SELECT order_id, sum(fill_quantity) AS quantity_sum,
                                sum(round(fill_quantity * fill_price, 8)) AS notional_sum,
                                sum(fill_commission) AS commission_sum
                           FROM order_fills
                           LEFT JOIN (SELECT DISTINCT trade.fill_id
                                        FROM trades bust JOIN trades trade ON trade.id = bust.busts_id
                                       WHERE bust.busts_id IS NOT NULL) AS busted
                             ON busted.fill_id = order_fills.id
                          WHERE NOT is_late AND busted.fill_id IS NULL /* of order_id */
                          GROUP BY order_id) AS fills
                ON fills.order_id = orders.id
             WHERE (filled_quantity, filled_notional, orders.commission)
                   <> (coalesce(quantity_sum, 0), coalesce(notional_sum, 0), coalesce(commission_sum, 0))
                   /* of orders.id */
        """,
        touched=_TOUCHED,
    ),
    Invariant(
        name="orders_filled_by_status",
        table="orders",
        sentence="The filled quantity agrees with the status, and is no more than was ordered.",
        sql="""
            SELECT id::text, format('%s with %s of %s filled', status, filled_quantity, quantity) AS problem
              FROM orders
             WHERE NOT CASE status
                     WHEN 'pending_new' THEN filled_quantity = 0
                     WHEN 'new' THEN filled_quantity = 0
                     WHEN 'partially_filled' THEN filled_quantity > 0 AND filled_quantity < quantity
                     WHEN 'filled' THEN filled_quantity = quantity
                     ELSE filled_quantity BETWEEN 0 AND quantity
                   END /* of id */
        """,
        touched=_TOUCHED,
    ),
    Invariant(
        name="order_fills_events",
        table="orders",
        sentence="Every fill but a late one is an event of its order, and every event of a fill has one.",
        sql="""
            SELECT order_id::text AS id,
                   format('%s fills, %s events of a fill', sum(fill), sum(event)) AS problem
              FROM (SELECT order_id, 1 AS fill, 0 AS event FROM order_fills WHERE NOT is_late /* of order_id */
                     UNION ALL
                    SELECT order_id, 0, 1 FROM order_audit WHERE exec_type = 'trade' /* of order_id */) AS told
             GROUP BY order_id
            HAVING sum(fill) <> sum(event)
        """,
        touched=_TOUCHED,
    ),
    Invariant(
        name="order_fills_late",
        table="orders",
        sentence="Late fills are of dead orders; but for busted ones, they and those in time are no more than ordered.",
        sql="""
            SELECT orders.id::text,
                   format('%s with %s of %s filled in time, and %s late',
                          status, filled_quantity, quantity, late) AS problem
              FROM orders
              JOIN (SELECT order_id,
                           sum(CASE WHEN EXISTS (SELECT FROM trades JOIN trades AS bust ON bust.busts_id = trades.id
                                                  WHERE trades.fill_id = order_fills.id)
                                    THEN 0 ELSE fill_quantity END) AS late
                      FROM order_fills WHERE is_late GROUP BY order_id) AS fills
                ON fills.order_id = orders.id
             WHERE filled_quantity + late > quantity
                OR status NOT IN ('filled', 'canceled', 'rejected', 'expired', 'calculated')
        """,
    ),
    Invariant(
        name="order_change_requests_waiting",
        table="order_change_requests",
        sentence="An order waits as long as a request concerning it does.",
        sql="""
            SELECT request.id::text,
                   format('the %s request waits, order %s is %s', kind, order_id, orders.status) AS problem
              FROM order_change_requests request JOIN orders ON orders.id = order_id
             WHERE request.status = 'pending' AND orders.status <> 'pending_' || kind
        """,
    ),
)

INVARIANTS: tuple[Invariant, ...] = (*ORDER_INVARIANTS, *POSITION_INVARIANTS)
