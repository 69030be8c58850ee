/** Tables for the binder's tests, in the oracle and in the planner alike. */
export const TABLES = [
	`CREATE TABLE t (a INTEGER NOT NULL, b BIGINT, s SMALLINT, r REAL, d DOUBLE PRECISION, n NUMERIC(12,2), x TEXT, v VARCHAR(10), c CHAR(3),
		f BOOLEAN, dt DATE, ts TIMESTAMP, tz TIMESTAMPTZ, tm TIME, i INTERVAL, u UUID, j JSONB, y BYTEA)`,
	"CREATE TABLE w (a INTEGER, k TEXT, amount NUMERIC(10,3), day DATE NOT NULL)",
	'CREATE TABLE "Mixed" ("Ä" INTEGER, "select" TEXT, plain INTEGER)',
];
