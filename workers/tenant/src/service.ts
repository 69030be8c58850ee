/** The RPC entrypoint of the tenant Worker: each call observed, its tenant's state and role checked, then handed on. */
import { WorkerEntrypoint } from "cloudflare:workers";
import { LittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import { SHARD_COUNT_MAX } from "#shared/base/limits.ts";
import type { Directory, ShardDescription, TenantState } from "#shared/contracts/directory.ts";
import type { CallContext } from "#shared/contracts/principal.ts";
import type { AppendAnswer, IngestRequest, QueryAnswer, QueryRequest, TableAnswer, TenantRpc } from "#shared/contracts/rpc.ts";
import { type Observation, observed } from "#shared/observability/observed.ts";
import { requireActive, requireRole } from "./access.ts";
import { recentDirectory, rememberDirectory } from "./directory/directory-cache.ts";
import type { Env } from "./env.ts";
import { ingest } from "./ingest/ingest.ts";
import { openPorts, type Ports } from "./ports.ts";
import { query } from "./query/coordinator.ts";
import { untilKnown } from "./retry.ts";
import { describeTable, listTables } from "./tables.ts";

export class TenantService extends WorkerEntrypoint<Env> implements TenantRpc {
	async ingest(context: CallContext, request: IngestRequest): Promise<AppendAnswer> {
		return await this.#forTenant("ingest", context, (ports, inner) => ingest(ports, inner, request), { logsFailuresOnly: true });
	}

	async query(context: CallContext, request: QueryRequest): Promise<QueryAnswer> {
		return await this.#forTenant("query", context, (ports, inner) => query(ports, inner, request));
	}

	async listTables(
		context: CallContext,
		page: { limit: number; cursor: string | null },
	): Promise<{ tables: TableAnswer[]; nextCursor: string | null }> {
		return await this.#forTenant("listTables", context, async (ports, inner) =>
			listTables(ports, inner, await this.#readable(ports, inner), page),
		);
	}

	async describeTable(context: CallContext, name: string): Promise<TableAnswer> {
		return await this.#forTenant("describeTable", context, async (ports, inner) =>
			describeTable(ports, inner, await this.#readable(ports, inner), name),
		);
	}

	async openTenant(tenantId: TenantId, location: string | null): Promise<Directory> {
		return await this.#forOperations("openTenant", tenantId, async (ports) => {
			return untilKnown(() => ports.shard(tenantId, 0, location).openTenant({ tenantId, ordinal: 0 }, location));
		});
	}

	async setTenantState(tenantId: TenantId, state: TenantState): Promise<Directory> {
		return await this.#forOperations("setTenantState", tenantId, async (ports) => {
			const directory = await untilKnown(() => ports.shard(tenantId, 0).setTenantState(state));
			rememberDirectory(ports, tenantId, directory);
			return directory;
		});
	}

	async directory(tenantId: TenantId): Promise<Directory> {
		return await this.#forOperations("directory", tenantId, async (ports) => {
			const { directory } = await untilKnown(() => ports.shard(tenantId, 0).readDirectory({ withTails: false }));
			return directory;
		});
	}

	async changeShards(
		tenantId: TenantId,
		count: number,
		fromEpoch?: number,
	): Promise<{ epoch: number; shards: ShardDescription[]; settled: boolean }> {
		if (!Number.isInteger(count) || count < 1 || count > SHARD_COUNT_MAX) {
			throw new LittoralError("malformed_request", `a tenant has 1 to ${SHARD_COUNT_MAX} shards`);
		}
		return await this.#forOperations("changeShards", tenantId, (ports) =>
			untilKnown(() => ports.shard(tenantId, 0).changeShards(count, fromEpoch)),
		);
	}

	async deleteTenant(tenantId: TenantId): Promise<{ done: boolean }> {
		return await this.#forOperations("deleteTenant", tenantId, (ports) => untilKnown(() => ports.shard(tenantId, 0).deleteTenant()));
	}

	async ready(): Promise<void> {
		openPorts(this.env);
	}

	async #readable(ports: Ports, context: CallContext): Promise<Directory> {
		requireRole(context, "list_tables");
		const directory = await recentDirectory(ports, context.tenantId);
		requireActive(directory.state);
		return directory;
	}

	#forTenant<Answer>(
		operation: string,
		context: CallContext,
		work: (ports: Ports, context: CallContext) => Promise<Answer>,
		options: Pick<Observation, "logsFailuresOnly"> = {},
	): Promise<Answer> {
		const { traceparent, requestId, tenantId } = context;
		const observation = {
			service: "tenant",
			operation,
			env: this.env,
			ctx: this.ctx,
			traceparent,
			requestId,
			tenant: tenantId,
			...options,
		};
		return observed(observation, (span) =>
			work(openPorts(this.env, { traceparent: span.traceparent, requestId }, this.ctx), { ...context, traceparent: span.traceparent }),
		);
	}

	#forOperations<Answer>(operation: string, tenantId: TenantId, work: (ports: Ports) => Promise<Answer>): Promise<Answer> {
		const observation = { service: "tenant", operation, env: this.env, ctx: this.ctx, tenant: tenantId };
		return observed(observation, () => work(openPorts(this.env)));
	}
}
