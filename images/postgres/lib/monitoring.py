"""What role monitor gets in the application's database beside pg_monitor: how full sequences are."""

# A sequence's value is its owner's to read. The function runs as the superuser that made it and tells
# the used part alone, so monitor may look at no table and no value. A sequence that was never used has
# no last_value. Cycling ones do not run out.
SEQUENCES = """
CREATE OR REPLACE FUNCTION monitor.sequences()
RETURNS TABLE (schema text, name text, used double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT schemaname::text, sequencename::text,
         CASE WHEN increment_by > 0
              THEN (last_value::float8 - min_value::float8) / (max_value::float8 - min_value::float8)
              ELSE (max_value::float8 - last_value::float8) / (max_value::float8 - min_value::float8)
         END
  FROM pg_catalog.pg_sequences
  WHERE last_value IS NOT NULL AND NOT cycle AND max_value > min_value
$$
"""


def monitoring_statements() -> list[str]:
    """In order; each may be repeated."""
    return [
        "CREATE SCHEMA IF NOT EXISTS monitor",
        "REVOKE ALL ON SCHEMA monitor FROM PUBLIC",
        "GRANT USAGE ON SCHEMA monitor TO monitor",
        SEQUENCES,
        "REVOKE ALL ON FUNCTION monitor.sequences() FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION monitor.sequences() TO monitor",
    ]
