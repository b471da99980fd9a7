"""One flow of business events (submit, acknowledge, fill), done in several ways that leave the same rows."""
