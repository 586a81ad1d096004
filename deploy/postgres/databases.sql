-- Each service owns one role and one database, and can connect to no other.
-- The passwords are those of a development set; a real one changes them after this has run.
CREATE ROLE gateway LOGIN PASSWORD 'gateway';
CREATE ROLE identity LOGIN PASSWORD 'identity';
CREATE ROLE ledger LOGIN PASSWORD 'ledger';
CREATE ROLE provider_sync LOGIN PASSWORD 'provider_sync';
CREATE ROLE receipts LOGIN PASSWORD 'receipts';

CREATE DATABASE gateway OWNER gateway;
CREATE DATABASE identity OWNER identity;
CREATE DATABASE ledger OWNER ledger;
CREATE DATABASE provider_sync OWNER provider_sync;
CREATE DATABASE receipts OWNER receipts;

REVOKE CONNECT ON DATABASE gateway FROM PUBLIC;
REVOKE CONNECT ON DATABASE identity FROM PUBLIC;
REVOKE CONNECT ON DATABASE ledger FROM PUBLIC;
REVOKE CONNECT ON DATABASE provider_sync FROM PUBLIC;
REVOKE CONNECT ON DATABASE receipts FROM PUBLIC;
