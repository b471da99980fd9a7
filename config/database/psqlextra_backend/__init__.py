"""The database backend: psqlextra's, with readable names and a server that starts on demand.

Its name contains `psqlextra` because that package looks for the word in `DATABASES[…]["ENGINE"]`.
"""
