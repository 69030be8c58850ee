/** INSERT: the plan's rows, checked for NOT NULL, become one append: same path, same ids, same atomicity as rows of a body (invariants W1 to W3). */
import type { CallContext } from "#shared/contracts/principal.ts";
import type { QueryRequest } from "#shared/contracts/rpc.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { type Appended, appendRows } from "../ingest/append-rows.ts";
import { type AppendName, liveBatches } from "../ingest/batches.ts";
import { statementHash } from "../ingest/statement-hash.ts";
import type { Ports } from "../ports.ts";
import { checkNotNull } from "./not-null.ts";

/** @param batches of the plan: all columns of `table`, in order */
export async function insertRows(
	ports: Ports,
	context: CallContext,
	request: QueryRequest,
	insert: { engine: Engine; table: TableSchema; append: AppendName; batches: AsyncIterable<Batch> },
): Promise<Appended> {
	const { engine, table, append } = insert;
	const batches = liveBatches(insert.batches, engine, table, ({ batch }) => checkNotNull(engine, batch, table));
	try {
		return await appendRows(ports, {
			tenantId: context.tenantId,
			schema: table,
			...append,
			batches,
			hash: () => statementHash(request),
		});
	} finally {
		await batches.return();
	}
}
