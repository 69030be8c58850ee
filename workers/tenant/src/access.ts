/** Who may do what: the tenant's state, then the role (invariant T1: both come from the verified context and the directory, never from a body). */
import { LittoralError } from "#shared/base/errors.ts";
import type { TenantState } from "#shared/contracts/directory.ts";
import { type Action, type CallContext, may } from "#shared/contracts/principal.ts";
import { unreachable } from "#shared/base/assert.ts";

/** @throws permission_denied (42501) */
export function requireRole(context: CallContext, action: Action): void {
	if (may(context.role, action)) return;
	throw new LittoralError("permission_denied", `role "${context.role}" may not ${PHRASES[action]}`, { sqlstate: "42501" });
}

const PHRASES: Record<Action, string> = {
	select: "read tables",
	list_tables: "list tables",
	append: "append rows",
	insert: "insert rows",
	define_table: "create or drop tables",
	manage_keys: "manage keys",
	manage_tenant: "manage the tenant",
};

/** @throws tenant_suspended, tenant_not_found */
export function requireActive(state: TenantState): void {
	switch (state) {
		case "active":
			return;
		case "suspended":
			throw new LittoralError("tenant_suspended", "the tenant is suspended");
		case "deleting":
			throw new LittoralError("tenant_not_found", "there is no such tenant");
		default:
			unreachable(state);
	}
}
