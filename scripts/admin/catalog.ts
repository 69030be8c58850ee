/** `catalog rebuild`: step after step until the backup ends. */
import type { LittoralClient } from "../client.ts";
import { type Column, print } from "./output.ts";
import type { Connection } from "./program.ts";
import { PartialFailure } from "./report.ts";

interface RebuiltTable {
	tenant: string | null;
	tenant_id: string;
	table: string;
	outcome: "restored" | "present" | "failed";
	problem: string | null;
	rows: number;
	files: number;
}

const COLUMNS: Column<RebuiltTable>[] = [
	{ title: "tenant", of: ({ tenant, tenant_id }) => tenant ?? tenant_id },
	{ title: "table", of: ({ table }) => table },
	{ title: "outcome", of: ({ outcome }) => outcome },
	{ title: "rows", of: ({ rows }) => rows },
	{ title: "files", of: ({ files }) => files },
	{ title: "problem", of: ({ problem }) => problem },
];

/** @throws PartialFailure where a table could not be restored */
export async function rebuildCatalog({ client, asJson }: Connection): Promise<void> {
	const tables: RebuiltTable[] = [];
	for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
		const step: { tables: RebuiltTable[]; cursor: string | null } = await rebuildStep(client, cursor);
		tables.push(...step.tables);
		cursor = step.cursor;
		process.stderr.write(`${tables.length} tables looked at\n`);
	}
	print(tables, COLUMNS, asJson);
	const failed = tables.filter(({ outcome }) => outcome === "failed").length;
	if (failed > 0) throw new PartialFailure(`${failed} of ${tables.length} tables could not be restored`);
}

async function rebuildStep(client: LittoralClient, cursor: string | null): Promise<{ tables: RebuiltTable[]; cursor: string | null }> {
	return await client.json("/v1/catalog/rebuild", { headers: { "Content-Type": "application/json" }, body: JSON.stringify({ cursor }) });
}
