/**
 * A tenant's life: creating -> active <-> suspended -> deleting -> gone.
 *
 * Every step is idempotent and may be cut off anywhere: creation goes on when it is asked for again, deletion by the queue `signals`. The directory in
 * shard 0 is the authority that data paths ask; D1 says what operations wants it to be, so it is written first when a tenant loses a
 * right's ground (deleting) and the directory is always brought to it by the next call.
 */
import { hasCode, LittoralError } from "#shared/base/errors.ts";
import { newTenantId, type TenantId } from "#shared/base/ids.ts";
import type { CatalogRpc, OptimizerRpc, TenantDescription, TenantRpc } from "#shared/contracts/rpc.ts";
import { describe, type TenantRow, type TenantStore } from "./store.ts";

/** Bounded steps of a deletion that one call takes before the queue goes on. */
const DELETE_STEP_COUNT_MAX = 50;

export interface LifecyclePorts {
	store: TenantStore;
	tenant: Pick<TenantRpc, "openTenant" | "setTenantState" | "deleteTenant">;
	/** Sets the number of shards, and keeps it from autoscaling. */
	pinShards(tenantId: TenantId, count: number): ReturnType<TenantRpc["changeShards"]>;
	/** Everything that autoscaling knows of a tenant. */
	forgetScaling(tenantId: TenantId): Promise<void>;
	optimizer: Pick<OptimizerRpc, "forgetTenant">;
	catalog: Pick<CatalogRpc, "deleteTenant">;
	signalStep(tenantId: TenantId): Promise<void>;
	signalSweep(tenantId: TenantId): Promise<void>;
	now(): number;
}

export class TenantLifecycle {
	readonly #ports: LifecyclePorts;

	constructor(ports: LifecyclePorts) {
		this.#ports = ports;
	}

	/**
	 * Creates a tenant, or finishes a creation that was cut off.
	 * @throws tenant_exists when the name is taken, also by a tenant that is being deleted
	 */
	async create(request: { id: string; location: string | null; requestId: string }): Promise<TenantDescription> {
		const { store, tenant } = this.#ports;
		const row = await store.insert({
			id: request.id,
			tenantId: newTenantId(),
			status: "creating",
			location: request.location,
			createdAtMs: this.#ports.now(),
		});
		if (row.status !== "creating") throw exists(request.id);
		await tenant.openTenant(row.tenantId as TenantId, row.location);
		const opened = await store.transition(row, {
			from: ["creating"],
			to: "active",
			event: "created",
			requestId: request.requestId,
			atMs: this.#ports.now(),
		});
		if (!opened) throw exists(request.id);
		return describe({ ...row, status: "active" });
	}

	async suspend(id: string): Promise<TenantDescription> {
		return await this.#setState(id, { from: "active", to: "suspended", event: "suspended" });
	}

	async resume(id: string): Promise<TenantDescription> {
		return await this.#setState(id, { from: "suspended", to: "active", event: "resumed" });
	}

	/**
	 * Begins or continues a deletion.
	 * @param only the tenant that is meant, where it may be gone and its name be another's by now
	 * @returns done once nothing is left, also when that was so before
	 */
	async delete(id: string, only?: TenantId): Promise<{ done: boolean; tenantId: TenantId }> {
		const { store } = this.#ports;
		const row = await store.byName(id);
		if (row !== null && only !== undefined && row.tenantId !== only) return { done: true, tenantId: only };
		if (row === null) {
			const deleted = only ?? (await store.lastDeleted(id));
			if (deleted === null) throw notFound(id);
			return { done: true, tenantId: deleted };
		}
		await store.transition(row, {
			from: ["creating", "active", "suspended"],
			to: "deleting",
			event: "deleting",
			requestId: null,
			atMs: this.#ports.now(),
		});
		const tenantId = row.tenantId as TenantId;
		// Also when it had begun before: whoever began it may have failed before this signal, and nobody else carries it on.
		await this.#ports.signalStep(tenantId);
		return { done: await this.continueDeletion(tenantId), tenantId };
	}

	/** Takes some steps of a deletion. @returns true once nothing is left */
	async continueDeletion(tenantId: TenantId): Promise<boolean> {
		const { store, tenant, optimizer, catalog } = this.#ports;
		const row = await store.byTenantId(tenantId);
		if (row === null) return true;
		if (row.status !== "deleting") return true;
		await tenant.setTenantState(tenantId, "deleting").catch((error: unknown) => {
			// There is no directory: it was never opened, or an earlier call has emptied it and was cut off before the catalog was done.
			if (!hasCode(error, "tenant_not_found")) throw error;
		});
		for (let step = 0; step < DELETE_STEP_COUNT_MAX; step++) {
			// Shards first: after them nothing flushes or commits, so that the catalog finds all there will be.
			if (!(await tenant.deleteTenant(tenantId)).done) continue;
			if (!(await catalog.deleteTenant(tenantId)).done) continue;
			await optimizer.forgetTenant(tenantId);
			await this.#ports.signalSweep(tenantId);
			await this.#ports.forgetScaling(tenantId);
			await store.remove(row, this.#ports.now());
			return true;
		}
		return false;
	}

	async changeShards(id: string, count: number): Promise<Awaited<ReturnType<TenantRpc["changeShards"]>>> {
		const row = await this.require(id);
		if (row.status !== "active" && row.status !== "suspended") throw new LittoralError("conflict", `tenant "${id}" is ${row.status}`);
		const tenantId = row.tenantId as TenantId;
		const answer = await this.#ports.pinShards(tenantId, count);
		await this.#ports.store.record({
			id,
			tenantId,
			event: "shards_changed",
			detail: JSON.stringify({ count, epoch: answer.epoch, settled: answer.settled }),
			atMs: this.#ports.now(),
		});
		return answer;
	}

	/** @throws tenant_not_found */
	async require(id: string): Promise<TenantRow> {
		const row = await this.#ports.store.byName(id);
		if (row === null) throw notFound(id);
		return row;
	}

	async #setState(
		id: string,
		change: { from: "active" | "suspended"; to: "active" | "suspended"; event: "suspended" | "resumed" },
	): Promise<TenantDescription> {
		const { store, tenant } = this.#ports;
		const row = await this.require(id);
		if (row.status !== change.from && row.status !== change.to) throw new LittoralError("conflict", `tenant "${id}" is ${row.status}`);
		await store.transition(row, { from: [change.from], to: change.to, event: change.event, requestId: null, atMs: this.#ports.now() });
		// Also when the row stood there before: an earlier call may have been cut off between the two.
		await tenant.setTenantState(row.tenantId as TenantId, change.to);
		return describe({ ...row, status: change.to });
	}
}

function exists(id: string): LittoralError {
	return new LittoralError("tenant_exists", `tenant "${id}" exists`);
}

function notFound(id: string): LittoralError {
	return new LittoralError("tenant_not_found", `tenant "${id}" does not exist`);
}
