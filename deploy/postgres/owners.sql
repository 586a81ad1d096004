-- After databases.sql, where the services are to run under roles that own nothing: each database gets an owner of its own,
-- used by `migrate` alone (with RUNNING_ROLE naming the other). Set the passwords of all ten roles afterwards.
CREATE ROLE gateway_owner LOGIN;
CREATE ROLE identity_owner LOGIN;
CREATE ROLE ledger_owner LOGIN;
CREATE ROLE provider_sync_owner LOGIN;
CREATE ROLE receipts_owner LOGIN;

ALTER DATABASE gateway OWNER TO gateway_owner;
ALTER DATABASE identity OWNER TO identity_owner;
ALTER DATABASE ledger OWNER TO ledger_owner;
ALTER DATABASE provider_sync OWNER TO provider_sync_owner;
ALTER DATABASE receipts OWNER TO receipts_owner;

GRANT CONNECT, TEMPORARY ON DATABASE gateway TO gateway;
GRANT CONNECT, TEMPORARY ON DATABASE identity TO identity;
GRANT CONNECT, TEMPORARY ON DATABASE ledger TO ledger;
GRANT CONNECT, TEMPORARY ON DATABASE provider_sync TO provider_sync;
GRANT CONNECT, TEMPORARY ON DATABASE receipts TO receipts;
