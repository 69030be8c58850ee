/** A deployment whose shards count as busy at a few appends a second, and whose policy is done in seconds what it takes a day for; the load is real. */
import type { LittoralClient } from "../scripts/client.ts";
import type { Littoral, LittoralOptions } from "../scripts/local/littoral.ts";

export const HASTY_SCALING: NonNullable<LittoralOptions["vars"]> = {
	tenant: { LOAD_MEASURE: JSON.stringify({ commitsPerSecond: 4, requestsPerSecond: 4, sampleMs: 500, signalMs: 250 }) },
	operations: {
		SCALING_POLICY: JSON.stringify({
			growCooldownMs: 100,
			shrinkWindowMs: 1500,
			shrinkCooldownMs: 500,
			sampleAgeMsMax: 1500,
			resumeMs: 1000,
		}),
	},
};

export interface Scaling {
	shards: number;
	epoch: number;
	decisions: { from: number; to: number; reason: string; trigger: string; outcome: string; epoch: number; inputs: { load: number } }[];
}

export async function setBounds(admin: LittoralClient, tenant: string, bounds: { min_shards: number; max_shards: number }): Promise<void> {
	await admin.json(`/v1/tenants/${tenant}/scaling`, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(bounds) });
}

export async function readScaling(admin: LittoralClient, tenant: string): Promise<Scaling> {
	return await admin.json<Scaling>(`/v1/tenants/${tenant}/scaling`);
}

/** One run of the cron of operations. */
export async function runCron(littoral: Littoral): Promise<void> {
	const operations = await littoral.miniflare.getWorker("littoral-operations");
	await operations.scheduled({ cron: "* * * * *" });
}
