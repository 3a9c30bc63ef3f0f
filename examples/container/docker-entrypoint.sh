#!/bin/sh
# Migrates, then becomes the command that it is given. When the migration fails, the container stops with its exit code.
set -eu

# A container that is stopped meanwhile: the migration undoes its transaction, and says how it ended. The first process of
# a container gets no signal that it has no trap for, so this comes before the migration begins.
migration=
stopped=
stop() {
  stopped=yes
  if [ -n "$migration" ]; then kill -TERM "$migration" 2>/dev/null || true; fi
}
trap stop TERM INT

node_modules/.bin/knex-meta migrate:latest --wait "${MIGRATE_WAIT:-60s}" &
migration=$!
if [ -n "$stopped" ]; then stop; fi

status=0
wait "$migration" || status=$?
# A signal ends the wait, and not the migration.
while kill -0 "$migration" 2>/dev/null; do
  status=0
  wait "$migration" || status=$?
done
trap - TERM INT

if [ "$status" -ne 0 ]; then exit "$status"; fi
if [ -n "$stopped" ]; then exit 143; fi
# In place of this shell, so that signals reach it.
exec "$@"
