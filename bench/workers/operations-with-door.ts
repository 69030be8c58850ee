/** Operations, with a door by which the bench of planning commits data files that nobody wrote: planning reads their statistics only. */
import worker from "../../workers/operations/src/index.ts";
import { encodeBound } from "#shared/contracts/bound.ts";
import type { CommitId, TenantId } from "#shared/base/ids.ts";
import type { DataFile } from "#shared/contracts/snapshot.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { Env } from "../../workers/operations/src/env.ts";

export * from "../../workers/operations/src/index.ts";

/** The body of a POST to the door. */
export interface FilesOrder {
	tenant: string;
	table: string;
	/** Number of the first file, and how many; file `n` has ids from `n * ROWS_PER_FILE`. */
	first: number;
	count: number;
}

const ROWS_PER_FILE = 1000;
const BYTES_PER_FILE = 50_000;
const MICROSECONDS_PER_ROW = 1_000_000n;
const FIRST_MICROSECONDS = BigInt(Date.UTC(2026, 0, 1)) * 1000n;

/** A file as an append of events in order makes it: ids and times of its own, the same kinds and amounts as every other. */
function fileOf(schema: TableSchema, prefix: string, number: number): DataFile {
	const firstId = BigInt(number * ROWS_PER_FILE);
	const lastId = firstId + BigInt(ROWS_PER_FILE - 1);
	const bounds: Record<string, [unknown, unknown]> = {
		id: [firstId, lastId],
		at: [FIRST_MICROSECONDS + firstId * MICROSECONDS_PER_ROW, FIRST_MICROSECONDS + lastId * MICROSECONDS_PER_ROW],
		kind: ["refund", "visit"],
		amount: [
			{ coefficient: 0n, scale: 2 },
			{ coefficient: 24_975n, scale: 2 },
		],
	};
	return {
		path: `${prefix}${number}.parquet`,
		rowCount: ROWS_PER_FILE,
		byteCount: BYTES_PER_FILE,
		schemaVersion: schema.schemaVersion,
		columns: schema.columns.map(({ name, fieldId, type }) => {
			const [minimum, maximum] = (bounds[name] as [never, never]).map((value) => encodeBound(type, value));
			return { fieldId, nullCount: 0, minimum: minimum ?? null, maximum: maximum ?? null, hasNaN: false };
		}),
	};
}

async function commitFiles(env: Env, { tenant, table, first, count }: FilesOrder): Promise<number> {
	const row = await env.OPERATIONS_DB.prepare("SELECT tenant_id FROM tenants WHERE id = ?").bind(tenant).first<{ tenant_id: TenantId }>();
	if (row === null) throw new Error(`no tenant ${tenant}`);
	const tenantId = row.tenant_id;
	const [snapshot] = await env.CATALOG.readSnapshots(tenantId, [{ table: { name: table }, fresh: true }]);
	if (!snapshot) throw new Error(`no table ${table}`);
	const { schema } = snapshot;
	const prefix = `data/${tenantId}/${schema.tableId}/bench-`;
	const files = Array.from({ length: count }, (_, index) => fileOf(schema, prefix, first + index));
	const commitId = `bench-${first}` as CommitId;
	const { version } = await env.CATALOG.commit({ tenantId, tableId: schema.tableId, commitId, change: { kind: "bulk", files } });
	return version;
}

export default {
	...worker,
	fetch: async (request: Request, env: Env) => Response.json(await commitFiles(env, (await request.json()) as FilesOrder)),
};
