/** `scaling show`, `scaling bounds`. */
import type { LittoralClient } from "../client.ts";
import { type Column, print } from "./output.ts";
import type { Connection } from "./program.ts";
import { pathOf } from "./tenants.ts";

interface Inputs {
	load: number;
	hottest_busy_fraction: number | null;
	samples: number;
}
interface Decision {
	number: number;
	from: number;
	to: number;
	reason: string;
	trigger: string;
	inputs: Inputs | null;
	outcome: string;
	decided_at: string;
}
interface Scaling {
	shards: number;
	epoch: number;
	min_shards: number;
	max_shards: number;
	verdict: { to: number; reason: string };
	decisions: Decision[];
	next_cursor: string | null;
}

const COLUMNS: Column<Decision>[] = [
	{ title: "decided", of: ({ decided_at }) => decided_at },
	{ title: "from", of: ({ from }) => from },
	{ title: "to", of: ({ to }) => to },
	{ title: "reason", of: ({ reason }) => reason },
	{ title: "trigger", of: ({ trigger }) => trigger },
	{ title: "load", of: ({ inputs }) => inputs?.load.toFixed(2) ?? null },
	{ title: "busiest", of: ({ inputs }) => inputs?.hottest_busy_fraction?.toFixed(2) ?? null },
	{ title: "samples", of: ({ inputs }) => inputs?.samples ?? null },
	{ title: "outcome", of: ({ outcome }) => outcome },
];

/** The newest page of decisions. */
export async function showScaling({ client, asJson }: Connection, tenant: string): Promise<void> {
	show(await client.json<Scaling>(`${pathOf(tenant)}/scaling`), asJson);
}

export async function setBounds({ client, asJson }: Connection, tenant: string, { min, max }: { min: number; max: number }): Promise<void> {
	show(await boundsSet(client, tenant, { min_shards: min, max_shards: max }), asJson);
}

async function boundsSet(client: LittoralClient, tenant: string, bounds: { min_shards: number; max_shards: number }): Promise<Scaling> {
	return await client.json(`${pathOf(tenant)}/scaling`, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(bounds) });
}

function show(scaling: Scaling, asJson: boolean): void {
	if (asJson) {
		process.stdout.write(`${JSON.stringify(scaling, null, 2)}\n`);
		return;
	}
	const { shards, min_shards, max_shards, verdict } = scaling;
	process.stdout.write(`${shards} shards, between ${min_shards} and ${max_shards}; now: ${verdict.reason}, ${verdict.to} wanted\n`);
	print(scaling.decisions, COLUMNS, false);
}
