"""What must hold in the books. The database refuses whatever would break it; these find what got in nevertheless."""

from config.database.invariants import Invariant, written_lately

#: The problem of an entry beside the one before it (`previous_seq`, `previous_balance`; 0 before the first).
_ENTRY = """
    SELECT id::text,
           CASE WHEN seq <> previous_seq + 1
                THEN format('entry %s of account %s comes after entry %s', seq, account_id, previous_seq)
                WHEN balance_before <> previous_balance
                THEN format('entry %s of account %s starts from %s, but the one before left %s',
                            seq, account_id, balance_before, previous_balance)
                ELSE format('entry %s of account %s: %s and %s are not %s',
                            seq, account_id, balance_before, amount, balance_after) END AS problem
"""
_ENTRY_IS_BROKEN = """
     WHERE seq <> previous_seq + 1 OR balance_before <> previous_balance OR balance_after <> balance_before + amount
"""
_HEAD = """
    SELECT id::text,
           format('account %s has %s after entry %s, its ledger has %s after entry %s',
                  account_number, balance, last_seq, ledger_balance, ledger_seq) AS problem
"""
_HEAD_IS_BROKEN = " WHERE balance <> ledger_balance OR last_seq <> ledger_seq"

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        name="ledger_chain",
        table="account_transactions",
        sentence="Entries of an account have no gaps, and each starts from what the one before has left.",
        sql=f"""
            {_ENTRY}
              FROM (SELECT id, account_id, seq, amount, balance_before, balance_after,
                           lag(seq, 1, 0::bigint) OVER chain AS previous_seq,
                           lag(balance_after, 1, 0::numeric) OVER chain AS previous_balance
                      FROM account_transactions WINDOW chain AS (PARTITION BY account_id ORDER BY seq)) AS entry
            {_ENTRY_IS_BROKEN}
        """,
        since_sql=f"""
            {_ENTRY.replace("%", "%%")}
              FROM (SELECT entry.*, coalesce(previous.seq, 0) AS previous_seq,
                           coalesce(previous.balance_after, 0) AS previous_balance
                      FROM account_transactions AS entry
                      LEFT JOIN account_transactions AS previous
                             ON previous.account_id = entry.account_id AND previous.seq = entry.seq - 1
                     WHERE entry.id >= %(account_transactions)s) AS entry
            {_ENTRY_IS_BROKEN}
        """,
    ),
    Invariant(
        name="ledger_currency",
        table="account_transactions",
        sentence="An entry is in the currency of its account.",
        sql="""
            SELECT entry.id::text, format('in %s, but account %s is in %s', entry.currency, account_number,
                                          accounts.currency) AS problem
              FROM account_transactions AS entry JOIN accounts ON accounts.id = account_id
             WHERE entry.currency <> accounts.currency /* of entry.id */
        """,
        touched="SELECT id FROM account_transactions WHERE id >= %(account_transactions)s",
    ),
    Invariant(
        name="account_head",
        table="accounts",
        sentence="A balance is the sum of the account's entries, and its last_seq their number.",
        sql=f"""
            {_HEAD}
              FROM (SELECT accounts.id, account_number, balance, last_seq, coalesce(total, 0) AS ledger_balance,
                           coalesce(entries, 0) AS ledger_seq
                      FROM accounts
                      LEFT JOIN (SELECT account_id, sum(amount) AS total, count(*) AS entries
                                   FROM account_transactions GROUP BY account_id) AS ledger
                             ON account_id = accounts.id) AS head
            {_HEAD_IS_BROKEN}
        """,
        # The chain being sound, its last entry tells; one look into an index per account.
        since_sql=f"""
            {_HEAD.replace("%", "%%")}
              FROM (SELECT accounts.id, account_number, balance, last_seq, coalesce(balance_after, 0) AS ledger_balance,
                           coalesce(seq, 0) AS ledger_seq
                      FROM accounts
                      LEFT JOIN LATERAL (SELECT seq, balance_after FROM account_transactions
                                          WHERE account_id = accounts.id ORDER BY seq DESC LIMIT 1) AS latest ON true
                     WHERE {written_lately("accounts")} OR accounts.id IN (
                       SELECT account_id FROM account_transactions WHERE id >= %(account_transactions)s)) AS head
            {_HEAD_IS_BROKEN}
        """,
    ),
    Invariant(
        name="account_valuation",
        table="accounts",
        sentence="Equity is balance, credit and unrealized profit, and free margin what is not used of it.",
        sql="""
            SELECT id::text,
                   format('account %s: balance %s, credit %s, unrealized profit %s, equity %s, %s used, %s free',
                          account_number, balance, credit, unrealized_pnl, equity, margin_used, margin_available)
                   AS problem
              FROM accounts
             WHERE (equity <> balance + credit + unrealized_pnl OR margin_available <> equity - margin_used) /* of id */
        """,
        touched=f"SELECT id FROM accounts WHERE {written_lately('accounts')}",
    ),
    Invariant(
        name="journal_zero_sum",
        table="journals",
        sentence="The entries of a journal sum to zero in each currency.",
        sql="""
            SELECT journal_id::text, format('%s of %s are left over', sum(amount), entry.currency) AS problem
              FROM account_transactions AS entry WHERE true /* of journal_id */
             GROUP BY journal_id, entry.currency HAVING sum(amount) <> 0
        """,
        touched="SELECT journal_id FROM account_transactions WHERE id >= %(account_transactions)s",
    ),
    Invariant(
        name="journal_entries",
        table="journals",
        sentence="A journal has entries.",
        sql="""
            SELECT id::text, 'no entries' AS problem FROM journals
             WHERE NOT EXISTS (SELECT FROM account_transactions WHERE journal_id = journals.id) /* of id */
        """,
        touched="SELECT id FROM journals WHERE id >= %(journals)s",
    ),
    Invariant(
        name="journal_reversal",
        table="journals",
        sentence="A reversal has exactly the negated entries of the journal that it reverses.",
        # Reversals are few, so that their entries are looked up.
        sql="""
            WITH sides AS (
              SELECT reversal.id, account_id, transaction_type, amount, 1 AS side
                FROM journals AS reversal JOIN account_transactions ON journal_id = reversal.reversal_of_id
               WHERE reversal_of_id IS NOT NULL
               UNION ALL
              SELECT reversal.id, account_id, transaction_type, -amount, -1
                FROM journals AS reversal JOIN account_transactions ON journal_id = reversal.id
               WHERE reversal_of_id IS NOT NULL),
            differences AS (
              SELECT id, account_id, transaction_type, amount
                FROM sides GROUP BY id, account_id, transaction_type, amount HAVING sum(side) <> 0)
            SELECT id::text, format('%s of %s on account %s has no counterpart', min(transaction_type), min(amount),
                                    min(account_id::text)) AS problem
              FROM differences GROUP BY id
        """,
    ),
    Invariant(
        name="cash_request_booked",
        table="cash_requests",
        sentence="A completed request was approved by another person and booked by a journal of its kind and amount.",
        sql="""
            SELECT request.id::text,
                   CASE WHEN approved_by_id IS NULL OR approved_by_id = requested_by_id THEN 'nobody else approved it'
                        ELSE format('asks for a %s of %s, journal %s of kind %s books %s', request_type, request.amount,
                                    request.journal_id, kind, coalesce(sum(entry.amount), 0)) END AS problem
              FROM cash_requests AS request
              LEFT JOIN journals ON journals.id = request.journal_id
              LEFT JOIN account_transactions AS entry
                     ON entry.journal_id = request.journal_id AND entry.account_id = request.account_id
                    AND entry.reference_type = 'cash_requests' AND entry.reference_id = request.id
             WHERE status = 'completed'
             GROUP BY request.id, journals.kind
            HAVING approved_by_id IS NULL OR approved_by_id = requested_by_id OR kind IS DISTINCT FROM request_type
                OR coalesce(sum(entry.amount), 0)
                   <> CASE request_type WHEN 'withdrawal' THEN -request.amount ELSE request.amount END
        """,
    ),
    Invariant(
        name="account_events",
        table="account_audit",
        sentence="Events of an account have no gaps.",
        sql="""
            SELECT id::text, format('event %s of account %s comes after event %s', seq, account_id, previous_seq)
                   AS problem
              FROM (SELECT id, account_id, seq, lag(seq, 1, 0::bigint) OVER (PARTITION BY account_id ORDER BY seq)
                           AS previous_seq
                      FROM account_audit) AS event
             WHERE seq <> previous_seq + 1
        """,
    ),
)
