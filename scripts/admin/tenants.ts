/** `tenants list|suspend|resume|delete`, `shards list|set`. */
import { setTimeout } from "node:timers/promises";
import { ApiError, type LittoralClient, type Problem } from "../client.ts";
import { type Column, print } from "./output.ts";
import { everyItem } from "./pages.ts";
import type { Connection } from "./program.ts";

interface Tenant {
	tenant: string;
	status: string;
	created_at: string;
}
interface Shard {
	name: string;
	state: string;
}

const DELETION_POLL_MS = 1000;

const TENANT_COLUMNS: Column<Tenant>[] = [
	{ title: "tenant", of: ({ tenant }) => tenant },
	{ title: "status", of: ({ status }) => status },
	{ title: "created", of: ({ created_at }) => created_at },
];
const SHARD_COLUMNS: Column<Shard>[] = [
	{ title: "shard", of: ({ name }) => name },
	{ title: "state", of: ({ state }) => state },
];

export const pathOf = (tenant: string): string => `/v1/tenants/${encodeURIComponent(tenant)}`;

export async function listTenants({ client, asJson }: Connection): Promise<void> {
	print(await everyItem<Tenant>(client, "/v1/tenants", "tenants"), TENANT_COLUMNS, asJson);
}

export async function setTenantState({ client, asJson }: Connection, tenant: string, verb: "suspend" | "resume"): Promise<void> {
	print([await client.json<Tenant>(`${pathOf(tenant)}/${verb}`, { method: "POST" })], TENANT_COLUMNS, asJson);
}

/** Returns once nothing is left. */
export async function deleteTenant({ client, asJson }: Connection, tenant: string): Promise<void> {
	while ((await deletionStatus(client, tenant)) === 202) await setTimeout(DELETION_POLL_MS);
	print([{ tenant, status: "deleted", created_at: "" }], TENANT_COLUMNS.slice(0, 2), asJson);
}

/** @throws ApiError for an answer other than 2xx */
async function deletionStatus(client: LittoralClient, tenant: string): Promise<number> {
	const response = await client.request(pathOf(tenant), { method: "DELETE" });
	if (!response.ok) throw new ApiError((await response.json()) as Problem, response.headers.get("Retry-After"));
	return response.status;
}

export async function listShards({ client, asJson }: Connection, tenant: string): Promise<void> {
	const { shards } = await client.json<{ shards: Shard[] }>(`${pathOf(tenant)}/shards`);
	print(shards, SHARD_COLUMNS, asJson);
}

export async function setShards({ client, asJson }: Connection, tenant: string, count: number): Promise<void> {
	const headers = { "Content-Type": "application/json" };
	const { shards } = await client.json<{ shards: Shard[] }>(`${pathOf(tenant)}/shards`, { headers, body: JSON.stringify({ count }) });
	print(shards, SHARD_COLUMNS, asJson);
}
