#!/bin/sh
# Migrates, then becomes the command that it is given. When the migration fails, the container stops with its exit code.
set -eu

node_modules/.bin/knex-meta migrate:latest --wait "${MIGRATE_WAIT:-60s}" &
migration=$!

# A container that is stopped meanwhile: the migration undoes its transaction, and says how it ended.
stopped=
trap 'stopped=yes; kill -TERM "$migration" 2>/dev/null || true' TERM INT

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
