/** Reads tails the way a query does: agrees on plan, directory and pages first. The plans are made here. */
import type { TableId } from "#shared/base/ids.ts";
import type { PhysicalPlan } from "#shared/contracts/plan/physical.ts";
import type { CallContext } from "#shared/contracts/principal.ts";
import type { PlannedStatement, PlanRequest } from "#shared/contracts/rpc.ts";
import { planAndDirectory, readTails } from "../src/query/read-set.ts";
import type { OpenedTail } from "../src/query/tail-source.ts";
import { batchesOf, rowRange } from "../src/shard/tail-format.ts";
import { ports, world } from "./world.ts";

/** A scan of one table at one version; the newest by default. */
export function planOf(tableId: TableId, version?: number): PlannedStatement {
	const table = world.catalog.tables.get(tableId);
	const snapshotVersion = version ?? (table?.versions.length ?? 0) - 1;
	const snapshot = table?.versions[snapshotVersion];
	if (table === undefined || snapshot === undefined) throw new Error("no such snapshot");
	const plan: PhysicalPlan = {
		version: 1,
		statement: { nowMicroseconds: 0n, timeZone: "UTC", parameters: [] },
		subplans: [],
		tables: [{ schema: table.schema, snapshotVersion, watermarks: snapshot.watermarks, pages: [], filesPruned: 0 }],
		root: { kind: "scan", table: 0, columns: [], predicate: null, estimate: { rowCount: 0, byteCount: 0, milliseconds: 0 } },
		output: [],
		estimate: { rowCount: 0, byteCount: 0, milliseconds: 0, dollars: 0 },
	};
	return { kind: "query", plan };
}

/**
 * Plans by `world.plan`.
 * @param between runs after the first round
 * @returns the snapshot's version, and the rows of the table's tails above its watermarks, sorted
 */
export async function readTailRows(
	context: CallContext,
	tableId: TableId,
	between: () => Promise<void> = async () => {},
): Promise<{ version: number; rows: string[] }> {
	const request: PlanRequest = { sql: "", parameters: [], settings: {}, nowMicroseconds: 0n };
	const round = await planAndDirectory(ports, context, request);
	await between();
	const { statement, tails } = await readTails(ports, context, request, round);
	if (statement.kind !== "query") throw new Error("a query was planned");
	const [table] = statement.plan.tables;
	if (table?.schema.tableId !== tableId) throw new Error("another table was planned");
	return { version: table.snapshotVersion, rows: (tails[0] as OpenedTail[]).flatMap(tailRows).toSorted() };
}

function tailRows({ first, above }: OpenedTail): string[] {
	return first.blocks.flatMap((block) => {
		const { start, end } = rowRange(block.runs, above, first.upTo);
		return batchesOf(block.bytes)
			.slice(start, end)
			.map((batch) => new TextDecoder().decode(batch));
	});
}
