"""The database, and the only package that knows SQL: PostgreSQL in production, SQLite when embedded."""
