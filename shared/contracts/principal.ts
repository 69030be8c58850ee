/** Who calls: made by the gateway from a verified credential, the only source of a tenant's identity (invariant T1). */
import type { TenantId } from "#shared/base/ids.ts";

export const ROLES = ["reader", "writer", "admin", "owner"] as const;
export type Role = (typeof ROLES)[number];

/** What a call does, as the permission table of the gateway and of SQL names it. */
export type Action = "select" | "list_tables" | "append" | "insert" | "define_table" | "manage_keys" | "manage_tenant";

/** The one permission table. */
const PERMISSIONS: Record<Role, readonly Action[]> = {
	reader: ["select", "list_tables"],
	writer: ["select", "list_tables", "append", "insert"],
	admin: ["select", "list_tables", "append", "insert", "define_table", "manage_keys"],
	owner: ["select", "list_tables", "append", "insert", "define_table", "manage_keys", "manage_tenant"],
};

export function may(role: Role, action: Action): boolean {
	return PERMISSIONS[role].includes(action);
}

/** Travels with every call made for a tenant. */
export interface CallContext {
	tenantId: TenantId;
	role: Role;
	requestId: string;
	/** W3C traceparent of the caller's span. */
	traceparent: string;
}
