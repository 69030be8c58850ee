/** Optimizer: SQL to a bound, cost-based physical plan. Called by tenant; asks the catalog for snapshots. */
import { WorkerEntrypoint } from "cloudflare:workers";
import pgQueryModule from "libpg-query/wasm/libpg-query.wasm";
import kernelModule from "#shared/engine/kernels/build/kernels.wasm";
import type { TenantId } from "#shared/base/ids.ts";
import { OPTIMIZER_CATALOG_ANSWER_MS_MAX } from "#shared/base/limits.ts";
import { timedCalls } from "#shared/base/timed-calls.ts";
import { installKernels } from "#shared/engine/kernels/kernels.ts";
import type { CallContext } from "#shared/contracts/principal.ts";
import type { Observation, OptimizerRpc, PlannedStatement, PlanRequest } from "#shared/contracts/rpc.ts";
import { observed } from "#shared/observability/observed.ts";
import { serviceApp } from "#shared/observability/service-app.ts";
import { tracedCatalog } from "#shared/observability/traced-catalog.ts";
import { ParsedStatementCache } from "./cache/parsed-statements.ts";
import { TableSnapshotCache } from "./cache/table-snapshots.ts";
import type { Env } from "./env.ts";
import { evaluate } from "./evaluate.ts";
import { CorrectionStore } from "./learning/correction-store.ts";
import { planStatement } from "./plan-statement.ts";
import { installParser, parseStatement } from "./sql/parse/parser.ts";

installParser(pgQueryModule);
installKernels(kernelModule);

const parsed = new ParsedStatementCache();
const snapshots = new TableSnapshotCache();
const learning = new CorrectionStore();

export class OptimizerService extends WorkerEntrypoint<Env> implements OptimizerRpc {
	async plan(context: CallContext, request: PlanRequest): Promise<PlannedStatement> {
		const { tenantId, requestId, traceparent } = context;
		return await observed(
			{ service: "optimizer", operation: "plan", env: this.env, ctx: this.ctx, traceparent, requestId, tenant: tenantId },
			async (span) => {
				const timed = timedCalls(this.env.CATALOG, { what: () => "the catalog Worker", limitMs: () => OPTIMIZER_CATALOG_ANSWER_MS_MAX });
				const catalog = tracedCatalog(timed, { traceparent: span.traceparent, requestId });
				const ports = { catalog, parsed, snapshots, evaluate, nowMs: Date.now };
				if (this.env.LEARNING === "off") return await planStatement(ports, tenantId, request);
				const background = (work: Promise<void>) => this.ctx.waitUntil(work);
				const read = () => learning.read(this.env.OPTIMIZER_DB, tenantId, { nowMs: Date.now(), background });
				return await planStatement({ ...ports, corrections: read }, tenantId, request);
			},
		);
	}

	async learn(context: CallContext, observations: Observation[]): Promise<void> {
		if (this.env.LEARNING === "off") return;
		const { tenantId, requestId, traceparent } = context;
		await observed(
			{ service: "optimizer", operation: "learn", env: this.env, ctx: this.ctx, traceparent, requestId, tenant: tenantId, isQuiet: true },
			async () => await learning.learn(this.env.OPTIMIZER_DB, tenantId, observations, Date.now()),
		);
	}

	async forgetTenant(tenantId: TenantId): Promise<void> {
		await learning.forget(this.env.OPTIMIZER_DB, tenantId);
	}

	async ready(): Promise<void> {
		await parseStatement("SELECT 1");
		await this.env.OPTIMIZER_DB.prepare("SELECT 1").first();
	}
}

const app = serviceApp<Env>("optimizer");
export default app;
