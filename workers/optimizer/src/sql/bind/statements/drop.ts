/** DROP TABLE and DROP VIEW. */
import type { DropStmt } from "libpg-query";
import { as, strings } from "../../parse/ast.ts";
import type { StatementContext } from "../statement.ts";

export interface BoundDrop {
	kind: "drop_table" | "drop_view";
	names: string[];
	ifExists: boolean;
	cascade: boolean;
}

const KINDS: Record<string, BoundDrop["kind"]> = { OBJECT_TABLE: "drop_table", OBJECT_VIEW: "drop_view" };

/** @throws invalid_schema_name (3F000), feature_not_supported for other objects */
export function bindDrop(statement: StatementContext, drop: DropStmt): BoundDrop {
	const kind = KINDS[drop.removeType ?? ""];
	if (kind === undefined) throw statement.unsupported(`DROP ${(drop.removeType ?? "").replace("OBJECT_", "").replaceAll("_", " ")}`);
	const names = (drop.objects ?? []).map((object) => {
		const parts = strings(as(object, "List")?.items);
		const schema = parts.length > 1 ? parts[parts.length - 2] : undefined;
		if (schema !== undefined && schema !== "public") {
			throw statement.error("invalid_schema_name", `schema "${schema}" does not exist`);
		}
		return parts[parts.length - 1] ?? "";
	});
	return { kind, names, ifExists: drop.missing_ok ?? false, cascade: drop.behavior === "DROP_CASCADE" };
}
