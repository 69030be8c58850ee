/** The select list: `*`, expressions, and the hidden entries that ORDER BY and GROUP BY add. */
import type { A_Indirection, Node, ResTarget } from "libpg-query";
import { TARGET_COUNT_MAX } from "#shared/base/limits.ts";
import { fingerprint } from "../../../logical/expression.ts";
import { as, locationOf } from "../../parse/ast.ts";
import { typed, type Bound } from "../bound.ts";
import { coerce, settle } from "../expressions/coerce.ts";
import type { ExpressionEnvironment } from "../environment.ts";
import { outputName } from "./output-name.ts";
import type { QueryOptions } from "../query.ts";
import { fieldsOf, type RowShape, rowShape, rowText } from "../expressions/row-values.ts";
import { bindStar } from "./star.ts";

export interface Target {
	name: string;
	bound: Bound;
	/** Only for sorting or grouping: not part of the result. */
	hidden: boolean;
	/** Where the entry begins, for errors. */
	location: number;
	/** Of a row value, whose text `bound` is. */
	row?: RowShape;
}

/** @throws too_many_columns (54011) */
export function bindTargets(environment: ExpressionEnvironment, list: Node[]): Target[] {
	const targets = list.flatMap((node) => {
		const target = as(node, "ResTarget") as ResTarget;
		const reference = as(target.val, "ColumnRef");
		if (reference?.fields?.some((field) => as(field, "A_Star") !== undefined)) return bindStar(environment, reference);
		const indirection = as(target.val, "A_Indirection");
		const whole = indirection === undefined ? null : starOfRow(environment, indirection);
		if (whole !== null) return whole;
		const row = rowShape(environment, target.val);
		if (row !== null) {
			const bound = typed(rowText(environment.statement, row), row.location);
			return [{ name: target.name ?? outputName(target.val), bound, hidden: false, location: locationOf(target.val), row }];
		}
		const bound = environment.bind(target.val as Node);
		return [{ name: target.name ?? outputName(target.val), bound, hidden: false, location: locationOf(target.val) }];
	});
	if (targets.length > TARGET_COUNT_MAX) {
		throw environment.statement.error("too_many_columns", `target lists can have at most ${TARGET_COUNT_MAX} entries`);
	}
	return targets;
}

/** `(row).*` */
function starOfRow(environment: ExpressionEnvironment, { arg, indirection }: A_Indirection): Target[] | null {
	if (indirection?.length !== 1 || as(indirection[0], "A_Star") === undefined) return null;
	const row = rowShape(environment, arg);
	if (row === null) throw environment.statement.unsupported("the fields of this value", locationOf(arg));
	return fieldsOf(environment.statement, row).map((bound, index) => {
		return { name: (row.fields[index] as RowShape["fields"][number]).name, bound, hidden: false, location: row.location };
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
