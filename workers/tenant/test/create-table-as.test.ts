/**
 * CREATE TABLE AS is two steps, the table and its rows. Whichever call the process dies at, or fails at in each way that calls fail: the table is not there, is empty, or has all
 * rows; the statement repeated works or says that the table is there; and DROP TABLE and the statement again give the rows once.
 */
import { expect, test } from "vitest";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { CallContext } from "#shared/contracts/principal.ts";
import type { PlannedStatement, QueryRequest } from "#shared/contracts/rpc.ts";
import { query } from "../src/query/coordinator.ts";
import { codeOf, FAILURES, ports, Tenant, world } from "./world.ts";

const INTEGER = { kind: "integer" } as const;
const REQUEST: QueryRequest = {
	queryId: "test",
	sql: "CREATE TABLE made AS VALUES (1), (2), (3)",
	parameters: [],
	settings: {},
	format: "json",
	idempotencyKey: null,
	bookmark: null,
};

function createAs(name: string): PlannedStatement {
	const estimate = { rowCount: 3, byteCount: 12, milliseconds: 0 };
	const rows = [1, 2, 3].map((value): Expression[] => [{ kind: "constant", value, type: INTEGER }]);
	return {
		kind: "create_table_as",
		isEmpty: false,
		definition: {
			name,
			ifNotExists: false,
			columns: [{ name: "a", type: INTEGER, nullable: true, default: null }],
			primaryKey: null,
			sortKey: [],
		},
		plan: {
			version: 1,
			statement: { nowMicroseconds: 0n, timeZone: "UTC", parameters: [] },
			subplans: [],
			tables: [],
			root: { kind: "values", types: [INTEGER], rows, estimate },
			output: [{ name: "a", type: INTEGER, nullable: true }],
			estimate: { ...estimate, dollars: 0 },
		},
	};
}

const name = "made";
const ROW_COUNT = 3;

async function run(tenant: Tenant, planned: PlannedStatement): Promise<string> {
	const context: CallContext = { tenantId: tenant.id, role: "owner", requestId: "test", traceparent: "" };
	world.plan = () => planned;
	return await codeOf(() => query(ports, context, REQUEST));
}

/** Rows that are stored; null where there is no table. */
async function stored(tenant: Tenant): Promise<number | null> {
	const table = [...world.catalog.tables.values()].find((candidate) => candidate.schema.name === name && !candidate.dropped);
	if (table === undefined) return null;
	tenant.table = table.schema.tableId;
	return (await tenant.read()).length;
}

/** Fails calls from the n-th on: once, or all, as when the process dies. @returns whether there was an n-th call */
function failAt(n: number, failure: (typeof FAILURES)[number], dies: boolean): () => boolean {
	let count = 0;
	world.inject = () => {
		count++;
		return count === n ? failure : count > n && dies ? "before" : null;
	};
	return () => count >= n;
}

test.each(FAILURES.flatMap((failure) => [false, true].map((dies) => ({ failure, dies }))))(
	"calls fail $failure, the process dies: $dies",
	async ({ failure, dies }) => {
		const seen = new Set<number | null>();
		for (let n = 1; ; n++) {
			const tenant = await Tenant.open();
			for (const table of world.catalog.tables.values()) table.dropped = true;
			const reached = failAt(n, failure, dies);
			const first = await run(tenant, createAs(name));
			world.inject = () => null;
			const left = await stored(tenant);
			expect([null, 0, ROW_COUNT]).toContain(left);
			if (first === "ok") expect(left).toBe(ROW_COUNT);
			seen.add(left);
			expect(await run(tenant, createAs(name))).toBe(left === null ? "ok" : "duplicate_table");
			expect(await run(tenant, { kind: "drop_table", names: [name], ifExists: true })).toBe("ok");
			expect(await run(tenant, createAs(name))).toBe("ok");
			expect(await stored(tenant)).toBe(ROW_COUNT);
			if (!reached()) break;
		}
		expect(seen.has(ROW_COUNT)).toBe(true);
		if (dies) expect(seen.has(null)).toBe(true);
		// Empty it stays only where the process dies between the two steps, or the catalog says that it cannot be reached after it has made the table.
		else if (failure !== "after") expect(seen.has(0)).toBe(false);
	},
);
