-- A database and a role for each program, as on AWS each has its own: none can read another's rows.
-- The passwords guard nothing: this server is reached from its own network alone.
CREATE ROLE monolith LOGIN PASSWORD 'monolith';
CREATE ROLE users LOGIN PASSWORD 'users';
CREATE ROLE threads LOGIN PASSWORD 'threads';
CREATE ROLE posts LOGIN PASSWORD 'posts';
CREATE ROLE refactor LOGIN PASSWORD 'refactor';
CREATE DATABASE monolith OWNER monolith;
CREATE DATABASE users OWNER users;
CREATE DATABASE threads OWNER threads;
CREATE DATABASE posts OWNER posts;
CREATE DATABASE refactor OWNER refactor;
REVOKE CONNECT ON DATABASE monolith, users, threads, posts, refactor FROM PUBLIC;
