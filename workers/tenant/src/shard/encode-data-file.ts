/** The shape of what turns tail rows into a data file; `flush-encoder.ts` is the real one. */
import type { ColumnStatistics } from "#shared/contracts/snapshot.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { TableSketches } from "#shared/sketches/table-sketches.ts";
import type { TenantId } from "#shared/base/ids.ts";

export interface EncodedDataFile {
	bytes: Uint8Array;
	rowCount: number;
	columns: ColumnStatistics[];
	sketches: TableSketches;
}

/** Sorts the rows of `batches` (native codec) by the table's sort key and writes one Parquet file. */
export type DataFileEncoder = (input: { tenantId: TenantId; schema: TableSchema; batches: Uint8Array[] }) => Promise<EncodedDataFile>;
