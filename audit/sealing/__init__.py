"""Evidence that the logs are what they were: rows are hashed into a chain of seals, and checked against it.

`tables` says what is sealed and how a row becomes a hash, `tree` and `chain` what a seal is, `sealer` makes seals,
`verifier` checks them, `anchor` takes the newest one out of the database's reach.
"""
