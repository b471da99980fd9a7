"""How dates are written in the admin: to the second, in 24 hours; the tables keep microseconds in UTC."""
