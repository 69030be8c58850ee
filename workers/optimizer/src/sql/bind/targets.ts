/** The select list: `*`, expressions, and the hidden entries that ORDER BY and GROUP BY add. */
import type { ColumnRef, Node, ResTarget } from "libpg-query";
import { TARGET_COUNT_MAX } from "#shared/base/limits.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { fingerprint } from "../../logical/expression.ts";
import { as, locationOf, strings } from "../parse/ast.ts";
import { typed, type Bound } from "./bound.ts";
import { coerce, settle } from "./coerce.ts";
import type { ExpressionEnvironment } from "./environment.ts";
import { outputName } from "./output-name.ts";
import type { QueryOptions } from "./query.ts";
import { findRelation } from "./scope.ts";

export interface Target {
	name: string;
	bound: Bound;
	/** Only for sorting or grouping: not part of the result. */
	hidden: boolean;
	/** Where the entry begins, for errors. */
	location: number;
}

/** @throws too_many_columns (54011) */
export function bindTargets(environment: ExpressionEnvironment, list: Node[]): Target[] {
	const targets = list.flatMap((node) => {
		const target = as(node, "ResTarget") as ResTarget;
		const reference = as(target.val, "ColumnRef");
		if (reference?.fields?.some((field) => as(field, "A_Star") !== undefined)) return bindStar(environment, reference);
		const bound = environment.bind(target.val as Node);
		return [{ name: target.name ?? outputName(target.val), bound, hidden: false, location: locationOf(target.val) }];
	});
	if (targets.length > TARGET_COUNT_MAX) {
		throw environment.statement.error("too_many_columns", `target lists can have at most ${TARGET_COUNT_MAX} entries`);
	}
	return targets;
}

/** `*` and `t.*`: the columns that they stand for. */
export function bindStar(environment: ExpressionEnvironment, reference: ColumnRef): Target[] {
	const { statement, scope } = environment;
	const location = reference.location ?? 0;
	const qualifier = strings(reference.fields).filter((name) => name !== "");
	const alias = qualifier[qualifier.length - 1];
	if (alias === undefined && scope.relations.length === 0) {
		throw statement.error("syntax_error", "SELECT * with no tables specified is not valid", location);
	}
	const found = alias === undefined ? null : findRelation(environment, alias, location);
	const columns = found === null ? scope.columns : found.relation.columns;
	return columns.map((column) => {
		found?.level?.uses.push({ id: column.id, name: `${found.relation.alias}.${column.name}`, location });
		const expression: Expression = { kind: "column", index: column.id, type: column.type };
		const relation = scope.relations.find((other) => other.columns.some((own) => own.id === column.id));
		environment.locations.set(expression, { location, name: `${relation?.alias ?? ""}.${column.name}` });
		return { name: column.name, bound: typed(expression, location), hidden: false, location };
	});
}

/** An untyped output takes the INSERT's column type, else text. */
export function settleTargets(targets: Target[], options: QueryOptions): void {
	for (const [index, target] of targets.entries()) {
		if (target.bound.kind === "typed") continue;
		const type = target.hidden ? undefined : options.targetTypes?.[index];
		const { location } = target.bound;
		const expression = type === undefined ? settle(options.statement, target.bound) : coerce(options.statement, target.bound, type);
		target.bound = typed(expression, location);
	}
}

/** The entry that equals `bound`, or a new hidden one. @returns its index */
export function findOrAddTarget(targets: Target[], bound: Bound, location: number): number {
	const key = bound.kind === "typed" ? fingerprint(bound.expression) : null;
	const found = targets.findIndex(
		(target) => key !== null && target.bound.kind === "typed" && fingerprint(target.bound.expression) === key,
	);
	if (found >= 0) return found;
	return targets.push({ name: "?column?", bound, hidden: true, location }) - 1;
}
