#!/bin/sh
# What the postgres image runs on its first start: hands the passwords to init-roles.sql.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" \
  -v owner_password="$OWNER_PASSWORD" -v app_password="$APP_PASSWORD" -f /init-roles.sql
