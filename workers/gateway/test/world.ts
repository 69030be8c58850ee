/** What the gateway's tests share: calls to it as the outside makes them, and tenants to make them with. */
import { env, exports } from "cloudflare:workers";
import type { Role } from "#shared/contracts/principal.ts";
import type { Env } from "../src/env.ts";
import type { Problem } from "../src/problem.ts";
import type { CatalogService, MonitoringService, OperationsService, TenantService } from "./fakes/services.ts";

/** The methods of a stand-in, as its binding has them. */
type Methods<Service> = Omit<Service, "env" | "ctx">;

export const testEnv = env as unknown as Env & {
	MIGRATIONS: Parameters<typeof import("cloudflare:test").applyD1Migrations>[1];
	OPERATIONS: Methods<OperationsService>;
	TENANT: Methods<TenantService>;
	CATALOG: Methods<CatalogService>;
	MONITORING: Methods<MonitoringService>;
};

export const ADMIN_KEY = "test-admin-key";

export interface Call {
	method?: string;
	headers?: Record<string, string>;
	body?: BodyInit;
	credential?: string;
}

const gateway = (exports as unknown as { default: { fetch(request: Request): Promise<Response> } }).default;

/** A request through the real runtime. */
export async function call(path: string, { method, headers = {}, body, credential }: Call = {}): Promise<Response> {
	return await gateway.fetch(
		new Request(`https://littoral.test${path}`, {
			method: method ?? (body === undefined ? "GET" : "POST"),
			headers: { ...(credential === undefined ? {} : { Authorization: `Bearer ${credential}` }), ...headers },
			...(body === undefined ? {} : { body }),
		}),
	);
}

export async function postJson(
	path: string,
	credential: string | undefined,
	body: unknown,
	headers: Record<string, string> = {},
): Promise<Response> {
	return await call(path, {
		method: "POST",
		headers: { "Content-Type": "application/json", ...headers },
		body: typeof body === "string" ? body : JSON.stringify(body),
		...(credential === undefined ? {} : { credential }),
	});
}

export async function problemOf(response: Response): Promise<Problem> {
	return await response.json();
}

/** Status and code, the part of an error that clients build on. */
export async function fault(response: Response): Promise<[number, string]> {
	return [response.status, (await problemOf(response)).code];
}

let tenantCount = 0;

/** A new tenant. @returns its name and its owner key */
export async function newTenant(): Promise<{ tenant: string; owner: string }> {
	const response = await postJson("/v1/tenants", ADMIN_KEY, { id: `t-${++tenantCount}-${crypto.randomUUID().slice(0, 8)}` });
	const { tenant, api_key } = await response.json<{ tenant: string; api_key: string }>();
	return { tenant, owner: api_key };
}

export interface CreatedKey {
	id: string;
	api_key: string;
	role: Role;
}

export async function newKey(owner: string, role: Role): Promise<CreatedKey> {
	return await (await postJson("/v1/keys", owner, { name: role, role })).json<CreatedKey>();
}
