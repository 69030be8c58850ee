-- Learned corrections: how far an estimate of a shape of operator was off, as a factor in logarithms. Filled by a later version of the cost model.
CREATE TABLE correction (
	tenant_id TEXT NOT NULL,
	shape TEXT NOT NULL,
	log_factor REAL NOT NULL,
	sample_count INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, shape)
) WITHOUT ROWID;
