-- The two roles and the database, once, as a superuser of PostgreSQL 15 or newer:
--   psql -v owner_password=… -v app_password=… -f deploy/init-roles.sql
-- marquee_owner migrates and owns the tables. marquee_app serves: it reads and writes rows and creates nothing; the
-- migrations take UPDATE, DELETE and TRUNCATE from it where rows may never change.
\set ON_ERROR_STOP on
CREATE ROLE marquee_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE marquee_app LOGIN PASSWORD :'app_password';
-- PgBouncer does not pass on what the application asks for at the start of a connection, so the role has it too.
ALTER ROLE marquee_app SET lock_timeout = '3s';
CREATE DATABASE marquee OWNER marquee_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE marquee FROM PUBLIC;
GRANT CONNECT ON DATABASE marquee TO marquee_app;
\connect marquee
ALTER SCHEMA public OWNER TO marquee_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO marquee_app;
ALTER DEFAULT PRIVILEGES FOR ROLE marquee_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO marquee_app;
ALTER DEFAULT PRIVILEGES FOR ROLE marquee_owner IN SCHEMA public
  GRANT USAGE ON SEQUENCES TO marquee_app;
