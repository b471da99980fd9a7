"""A large, consistent history by COPY: clients, orders, fills, positions, books, marks and quotes.

A market moves at random (`market`), clients trade on it (`clients`, `trading`, with the lives of orders in
`lifecycle`), and every fill is booked (`books`). All of it happens in the order of time, so keys and pages lie as they
would after months of work, and memory holds what is open at the moment and a kilobyte per client. `load` writes it.
"""
