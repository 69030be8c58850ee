/** The engine alone, in workerd: runs the plans that are posted to it over the files of its bucket. */
import kernels from "#shared/engine/kernels/build/kernels.wasm";
import type { PhysicalPlan } from "#shared/contracts/plan/physical.ts";
import type { TenantId } from "#shared/base/ids.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { installKernels } from "#shared/engine/kernels/kernels.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import { engineSession } from "../../workers/tenant/src/engine-session.ts";
import type { Env } from "../../workers/tenant/src/env.ts";
import { openPorts } from "../../workers/tenant/src/ports.ts";
import { runPlan } from "../../workers/tenant/src/query/run-plan.ts";
import { spillStore } from "../../workers/tenant/src/query/spill-store.ts";
import type { OpenedTail } from "../../workers/tenant/src/query/tail-source.ts";
import { planFromJson } from "../engine/plan-json.ts";

installKernels(kernels);

const TENANT = "0123456789abcdef01234567" as TenantId;
const NO_TAIL: OpenedTail = {
	first: { blocks: [], upTo: 0, next: null },
	above: 0,
	fetch: () => Promise.reject(new Error("a tail of no page")),
};

/** Spilled blocks are announced to nobody: the state is thrown away. */
const NO_CATALOG = { announceObjects: () => Promise.resolve() };

export default {
	async fetch(request, env): Promise<Response> {
		const plan = planFromJson<PhysicalPlan>(await request.text());
		// Of the bindings a running plan uses the bucket alone.
		const ports = openPorts({ DATA: env.DATA } as Env);
		const spill = spillStore({ objects: ports.objects, catalog: NO_CATALOG }, { tenantId: TENANT, queryId: crypto.randomUUID() });
		const session = engineSession({ tenantId: TENANT, statement: plan.statement, tables: plan.tables, spill });
		try {
			const rows: (string | null)[][] = [];
			const tails = plan.tables.map(() => [NO_TAIL]);
			for await (const batch of runPlan(ports, plan, tails, session.context)) {
				for (const row of readRows(session.context.engine, batch)) {
					rows.push(
						row.map((value, column) =>
							value === null ? null : formatValue((plan.output[column] as (typeof plan.output)[number]).type, value),
						),
					);
				}
			}
			const { arenaPeakBytes, spilledBytes, bytesScanned, rowsScanned } = session.context.statistics;
			return Response.json({ rows, figures: { arenaPeakBytes, spilledBytes, bytesScanned, rowsScanned } });
		} catch (error) {
			return Response.json({ failure: error instanceof Error ? error.message : String(error) });
		} finally {
			session.close();
		}
	},
} satisfies ExportedHandler<Pick<Env, "DATA">>;
