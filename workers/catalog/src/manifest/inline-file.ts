/** A data file's row in D1, read back. */
import type { DataFile } from "#shared/contracts/snapshot.ts";
import { sql } from "drizzle-orm";
import { numberOf, textOf } from "../database/statement.ts";
import type { Row } from "../ports.ts";
import { decodeStatistics } from "./statistics.ts";

/** The columns that {@link inlineFile} reads. */
export const inlineColumns = sql`path, row_count, byte_count, schema_version, statistics`;

export function inlineFile(row: Row): DataFile {
	return {
		path: textOf(row, "path"),
		rowCount: numberOf(row, "row_count"),
		byteCount: numberOf(row, "byte_count"),
		schemaVersion: numberOf(row, "schema_version"),
		columns: decodeStatistics(textOf(row, "statistics")),
	};
}
