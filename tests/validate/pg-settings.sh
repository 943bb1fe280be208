# Prints PostgreSQL's own pg_settings as the table that the safety plan decides by (commands/plan/pg-settings.json).
# Runs in the postgres image, on a data directory of its own below /tmp, in single-user mode: no port, no server.
set -euo pipefail
initdb --pgdata /tmp/data --auth trust --username postgres >/dev/null
postgres --single -D /tmp/data -c shared_preload_libraries=pg_stat_statements \
	-c log_min_messages=fatal postgres >/dev/null <<'SQL'
COPY (SELECT current_setting('server_version_num')::int / 10000) TO '/tmp/major'
COPY (SELECT format('    %s: [%s, %s, %s, %s]', to_json(lower(name)), to_json(context), to_json(vartype), coalesce(to_json(unit)::text, 'null'), coalesce(to_json(boot_val)::text, 'null')) FROM pg_settings WHERE context <> 'internal' ORDER BY lower(name) COLLATE "C") TO '/tmp/rows' (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')
SQL
printf '{\n  "major": %s,\n  "settings": {\n' "$(cat /tmp/major)"
sed '$!s/$/,/' /tmp/rows
printf '  }\n}\n'
