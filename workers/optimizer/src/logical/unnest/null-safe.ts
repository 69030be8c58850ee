/** Equality in which NULL equals NULL, in a form that a hash join takes: two plain equalities. */
import type { DataType } from "#shared/contracts/data-type.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { BOOLEAN } from "../expression.ts";
import type { ColumnId, ColumnTable } from "../plan.ts";

/** @returns null where the type has no equality */
export function equality(left: Expression, right: Expression): Expression | null {
	const kind = left.type.kind === "varchar" ? "text" : left.type.kind;
	const functionId = `eq(${kind},${kind})`;
	return signatureById(functionId) === undefined ? null : { kind: "call", functionId, arguments: [left, right], type: BOOLEAN };
}

/** @returns conjuncts; null where the type has no equality */
export function nullSafeEqualities(left: ColumnId, right: ColumnId, columns: ColumnTable): Expression[] | null {
	const [first, second] = [left, right].map((id): Expression => ({ kind: "column", index: id, type: columns.get(id).type }));
	if (first === undefined || second === undefined) return null;
	if (!columns.get(left).nullable && !columns.get(right).nullable) {
		const plain = equality(first, second);
		return plain === null ? null : [plain];
	}
	const value = someValue(first.type);
	if (value === null) return null;
	const filled = (part: Expression): Expression => ({
		kind: "coalesce",
		arguments: [part, { kind: "constant", value, type: part.type }],
		type: part.type,
	});
	const isNull = (part: Expression): Expression => ({ kind: "is_null", input: part, negated: false, type: BOOLEAN });
	const same = equality(filled(first), filled(second));
	const bothNull = equality(isNull(first), isNull(second));
	return same === null || bothNull === null ? null : [same, bothNull];
}

/** Any value of the type. */
function someValue(type: DataType): SqlValue {
	switch (type.kind) {
		case "boolean":
			return false;
		case "smallint":
		case "integer":
		case "date":
		case "real":
		case "double":
			return 0;
		case "bigint":
		case "time":
		case "timestamp":
		case "timestamptz":
			return 0n;
		case "numeric":
			return { coefficient: 0n, scale: type.scale ?? 0 };
		case "text":
		case "varchar":
			return "";
		case "char":
			return " ".repeat(type.length);
		case "bytea":
			return new Uint8Array();
		case "uuid":
			return "00000000-0000-0000-0000-000000000000";
		case "interval":
			return { months: 0, days: 0, microseconds: 0n };
		case "jsonb":
		case "array":
			return null;
	}
}
