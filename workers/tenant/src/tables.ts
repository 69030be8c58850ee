/** Tables as the API lists them: the catalog's description, and the rows that still lie in tails. */
import type { CallContext } from "#shared/contracts/principal.ts";
import type { TableAnswer, TableDescription } from "#shared/contracts/rpc.ts";
import { hasCode, LittoralError } from "#shared/base/errors.ts";
import { RPC_ATTEMPT_COUNT_MAX, TABLE_DESCRIBE_CONCURRENCY } from "#shared/base/limits.ts";
import type { Directory } from "#shared/contracts/directory.ts";
import { readShards } from "./directory/directory.ts";
import type { Ports } from "./ports.ts";
import { untilKnown } from "./retry.ts";

/** @throws table_not_found */
export async function describeTable(ports: Ports, context: CallContext, directory: Directory, name: string): Promise<TableAnswer> {
	for (let attempt = 1; ; attempt++) {
		const [description, snapshot] = await Promise.all([readDescription(ports, context, name), readSnapshot(ports, context, name)]);
		if (snapshot === null || description.schema.tableId !== snapshot.schema.tableId) throw unknownTable(name);
		// A flush between the two answers would count rows twice or not at all.
		if (description.snapshotVersion !== snapshot.version && attempt < RPC_ATTEMPT_COUNT_MAX) continue;
		const { tableId } = snapshot.schema;
		const counts = await Promise.all(
			readShards(directory).map((ordinal) =>
				untilKnown(() => ports.shard(context.tenantId, ordinal).tailRowCount({ tableId, above: snapshot.watermarks[ordinal] ?? 0 })),
			),
		);
		return { ...description, tailRows: counts.reduce((sum, count) => sum + count, 0) };
	}
}

export async function listTables(
	ports: Ports,
	context: CallContext,
	directory: Directory,
	page: { limit: number; cursor: string | null },
): Promise<{ tables: TableAnswer[]; nextCursor: string | null }> {
	const { tables: schemas, nextCursor } = await untilKnown(() => ports.catalog.listTables(context.tenantId, page));
	const tables: TableAnswer[] = [];
	for (let start = 0; start < schemas.length; start += TABLE_DESCRIBE_CONCURRENCY) {
		const some = schemas.slice(start, start + TABLE_DESCRIBE_CONCURRENCY);
		const answers = await Promise.all(
			some.map((schema) =>
				describeTable(ports, context, directory, schema.name).catch((error: unknown) => {
					// Dropped since it was listed.
					if (hasCode(error, "table_not_found")) return null;
					throw error;
				}),
			),
		);
		tables.push(...answers.filter((answer) => answer !== null));
	}
	return { tables, nextCursor };
}

async function readDescription(ports: Ports, { tenantId }: CallContext, name: string): Promise<TableDescription> {
	try {
		return await untilKnown(() => ports.catalog.describeTable(tenantId, name));
	} catch (error) {
		throw hasCode(error, "undefined_table") ? unknownTable(name) : error;
	}
}

async function readSnapshot(ports: Ports, { tenantId }: CallContext, name: string) {
	const [snapshot] = await untilKnown(() => ports.catalog.readSnapshots(tenantId, [{ table: { name }, fresh: true }]));
	return snapshot ?? null;
}

function unknownTable(name: string): LittoralError {
	return new LittoralError("table_not_found", `table "${name}" does not exist`);
}
