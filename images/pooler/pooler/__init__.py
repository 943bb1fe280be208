"""The pooler's supervisor: runs PgBouncer, kills it when it hangs, holds PAUSE as a lease."""
