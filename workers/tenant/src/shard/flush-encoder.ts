/** Tail rows, or a run of a bulk append, as one Parquet file: decoded, sorted by the table's sort key, written (engine.md, Bytes). */
import { concatBytes } from "#shared/base/bytes.ts";
import { hasCode } from "#shared/base/errors.ts";
import { ENCODE_RETRY_COUNT_MAX, ENCODE_RETRY_WAIT_MS } from "#shared/base/limits.ts";
import type { SortKey } from "#shared/contracts/plan/expression.ts";
import type { Estimate, PhysicalOperator, PhysicalScan, PlanTable } from "#shared/contracts/plan/physical.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import { buildOperator } from "#shared/engine/operators/build.ts";
import { run } from "#shared/engine/operators/driver.ts";
import { ParquetWriter } from "#shared/parquet/write/writer.ts";
import { engineSession } from "../engine-session.ts";
import { scanColumns } from "../query/columns.ts";
import { allRows, EncodedSource } from "../query/encoded-source.ts";
import type { DataFileEncoder, EncodedDataFile } from "./encode-data-file.ts";

/** Nobody plans this: what the optimizer would believe is not asked for. */
const NO_ESTIMATE: Estimate = { rowCount: 0, byteCount: 0, milliseconds: 0 };

/** Waits, a bounded time, while queries hold the arena. @throws overloaded */
export const encodeDataFile: DataFileEncoder = async (input) => {
	for (let attempt = 1; ; attempt++) {
		try {
			return await encodeOnce(input);
		} catch (error) {
			if (!hasCode(error, "overloaded") || attempt >= ENCODE_RETRY_COUNT_MAX) throw error;
			await scheduler.wait(ENCODE_RETRY_WAIT_MS);
		}
	}
};

async function encodeOnce({ tenantId, schema, batches }: Parameters<DataFileEncoder>[0]): Promise<EncodedDataFile> {
	const table: PlanTable = { schema, snapshotVersion: 0, watermarks: {}, pages: [], filesPruned: 0 };
	const session = engineSession({ tenantId, tables: [table] });
	try {
		const { context } = session;
		const parts: Uint8Array[] = [];
		const writer = new ParquetWriter({
			columns: schema.columns.map(({ fieldId, name, type, nullable }) => ({ fieldId, name, type, nullable })),
			engine: context.engine,
			lease: context.lease,
			sketches: true,
			sink: (bytes) => {
				parts.push(bytes);
			},
		});
		let unread: Uint8Array[] | null = batches;
		const openScan = ({ columns }: PhysicalScan) =>
			new EncodedSource(context, scanColumns(schema, columns), () => {
				const rows = unread === null ? null : allRows(unread);
				unread = null;
				return rows;
			});
		const root = buildOperator(sortedScan(schema), context, openScan);
		for await (const batch of run(root, context)) await writer.write(batch);
		const { rowCount, columns, sketches } = await writer.finish();
		return { bytes: concatBytes(parts), rowCount, columns, sketches: sketches ?? new Map() };
	} finally {
		session.close();
	}
}

/** Every column, in the order of the sort key; as the rows came where there is none. */
function sortedScan(schema: TableSchema): PhysicalOperator {
	const fieldIds = schema.columns.map((column) => column.fieldId);
	const scan: PhysicalScan = { kind: "scan", table: 0, columns: fieldIds, predicate: null, estimate: NO_ESTIMATE };
	if (schema.sortKey.length === 0) return scan;
	const keys = schema.sortKey.map(({ fieldId, descending, nullsFirst }): SortKey => {
		const index = fieldIds.indexOf(fieldId);
		const { type } = schema.columns[index] as (typeof schema.columns)[number];
		return { expression: { kind: "column", index, type }, descending, nullsFirst };
	});
	return { kind: "sort", input: scan, keys, estimate: NO_ESTIMATE };
}
