/**
 * CREATE TABLE AS: the table is made once the query has given its first rows, and all rows are one append to it, atomic as any (invariant W2). What fails after that takes the
 * table back. Another query may see it empty meanwhile; and should this process end between the two, it stays behind empty, or whole: never with some of its rows.
 */
import { LittoralError } from "#shared/base/errors.ts";
import type { CallContext } from "#shared/contracts/principal.ts";
import type { PlannedStatement, QueryRequest } from "#shared/contracts/rpc.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { log } from "#shared/observability/log.ts";
import type { Appended } from "../ingest/append-rows.ts";
import { nameAppend } from "../ingest/batches.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { Ports } from "../ports.ts";
import { createTable, relationExists, undoTable } from "./define-table.ts";
import { insertRows } from "./insert.ts";

/**
 * As PostgreSQL, before anything is run.
 *
 * @returns false where the table is there, and need not be made (IF NOT EXISTS)
 * @throws duplicate_table (42P07)
 */
export async function mayCreate(ports: Ports, context: CallContext, { definition }: TableAs): Promise<boolean> {
	if (!(await relationExists(ports, context.tenantId, definition.name))) return true;
	if (definition.ifNotExists) return false;
	throw new LittoralError("duplicate_table", `relation "${definition.name}" already exists`);
}

type TableAs = Extract<PlannedStatement, { kind: "create_table_as" }>;

/** @returns null where another request made the table first, which IF NOT EXISTS allows */
export async function fillNewTable(
	ports: Ports,
	context: CallContext,
	request: QueryRequest,
	{ definition, engine, batches }: { definition: TableAs["definition"]; engine: Engine; batches: AsyncIterableIterator<Batch, void, void> },
): Promise<{ table: TableSchema; appended: Appended } | null> {
	const { tenantId } = context;
	// Most of what can fail has failed by the first batch: then there never was a table.
	const first = await batches.next();
	let made: TableSchema | null = null;
	try {
		const committed = (schema: TableSchema) => (made = schema);
		const { schema: table, created } = await createTable(ports, tenantId, { kind: "create_table", definition }, committed);
		if (!created) return null;
		const rows = startingWith(first, batches);
		return { table, appended: await insertRows(ports, context, request, { engine, table, append: nameAppend(null), batches: rows }) };
	} catch (error) {
		if (made !== null)
			await undoTable(ports, tenantId, made).catch((cause: unknown) => {
				log("warn", "a table that could not be filled stays behind empty", { service: "tenant", tenant: tenantId, cause: String(cause) });
			});
		throw error;
	}
}

async function* startingWith(
	first: IteratorResult<Batch, void>,
	rest: AsyncIterable<Batch, void, void>,
): AsyncGenerator<Batch, void, void> {
	if (first.done) return;
	yield first.value;
	yield* rest;
}
