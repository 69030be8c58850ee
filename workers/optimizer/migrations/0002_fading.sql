-- What was learnt fades with time, and as the tables that it speaks of grow or shrink.
ALTER TABLE correction ADD COLUMN row_count REAL NOT NULL DEFAULT 0;
ALTER TABLE correction ADD COLUMN updated_at_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX correction_age ON correction (tenant_id, updated_at_ms);
