/** `POST /v1/catalog/rebuild`: platform administration restores, from the backup in R2, tables that D1 `catalog` has lost. */
import { z } from "@hono/zod-openapi";
import type { RebuiltTable } from "#shared/contracts/rpc.ts";
import { readJson } from "../request/body.ts";
import { type App, json, jsonAnswer, serve } from "./define.ts";

const RebuildSchema = z
	.strictObject({
		cursor: z
			.string()
			.regex(/^[0-9a-f]{24}\/[0-9a-f]{24}$/)
			.nullable()
			.default(null),
	})
	.openapi("Rebuild", { description: "`cursor` of the step before; without it the rebuild begins." });
const RebuildStepSchema = z
	.object({
		tables: z.array(
			z.object({
				tenant: z.string().nullable().openapi({ description: "null where operations knows no tenant of this id." }),
				tenant_id: z.string(),
				table: z.string(),
				outcome: z.enum(["restored", "present", "failed"]).openapi({ description: "`present`: D1 had it." }),
				problem: z.string().nullable(),
				rows: z.int(),
				files: z.int(),
			}),
		),
		cursor: z.string().nullable().openapi({ description: "Send it to go on; null at the end." }),
	})
	.openapi("RebuildStep");

export function rebuildRoutes(app: App): void {
	serve(
		app,
		{
			method: "post",
			path: "/v1/catalog/rebuild",
			access: "platform",
			tag: "Platform",
			summary: "Restore tables that the catalog has lost, one step",
			description:
				"Tables that the catalog has are left alone, so it may be repeated. `npm run admin -- catalog rebuild` calls it to the end.",
			request: { body: { required: true, content: { "application/json": { schema: RebuildSchema } } } },
			answers: { 200: jsonAnswer("What became of this step's tables.", RebuildStepSchema) },
			errors: ["malformed_request", "unsupported_media_type", "unsupported_encoding", "body_too_large", "unavailable"],
		},
		async (context) => {
			const { cursor } = await readJson(context.req.raw, RebuildSchema);
			const trace = { traceparent: context.get("span").traceparent, requestId: context.get("requestId") };
			const step = await context.env.CATALOG.rebuild(cursor, trace);
			const names = new Map<string, string>();
			for (const tenantId of new Set(step.tables.map((table) => table.tenantId))) {
				const tenant = await context.env.OPERATIONS.tenantById(tenantId);
				if (tenant !== null) names.set(tenantId, tenant.id);
			}
			const answer: z.infer<typeof RebuildStepSchema> = { tables: step.tables.map((table) => shown(table, names)), cursor: step.cursor };
			return json(answer);
		},
	);
}

function shown(table: RebuiltTable, names: ReadonlyMap<string, string>): z.infer<typeof RebuildStepSchema>["tables"][number] {
	const { tenantId, tableId, name, outcome, problem, rowCount, fileCount } = table;
	return {
		tenant: names.get(tenantId) ?? null,
		tenant_id: tenantId,
		table: name === "" ? tableId : name,
		outcome,
		problem,
		rows: rowCount,
		files: fileCount,
	};
}
