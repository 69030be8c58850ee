/** GROUPING SETS, ROLLUP and CUBE: which sets of keys a GROUP BY stands for; and GROUPING(), which tells them apart. */
import type { GroupingFunc, GroupingSet, Node } from "libpg-query";
import { GROUPING_SET_COUNT_MAX } from "#shared/base/limits.ts";
import { as, locationOf } from "../../parse/ast.ts";
import { typed, type Bound } from "../bound.ts";
import type { ExpressionEnvironment } from "../environment.ts";
import { bindGroupItem, bindGroupRow } from "./ordering.ts";
import type { Target } from "./targets.ts";

export interface GroupBy {
	/** Targets grouped by, without repetition. */
	keys: number[];
	/** Positions in `keys` of each set; null for plain grouping by all of them. */
	sets: number[][] | null;
}

/** Elements of one CUBE, as in PostgreSQL. */
const CUBE_ELEMENT_COUNT_MAX = 12;

/** @throws statement_too_complex (54001), too_many_columns (54011) */
export function bindGroupBy(environment: ExpressionEnvironment, targets: Target[], clause: { items: Node[]; distinct: boolean }): GroupBy {
	const { statement } = environment;
	const keys: number[] = [];
	const keyOf = (target: number): number => {
		const known = keys.indexOf(target);
		return known >= 0 ? known : keys.push(target) - 1;
	};
	const elementOf = (node: Node): number[] =>
		(as(node, "RowExpr")?.args ?? [node])
			.flatMap((item) => bindGroupRow(environment, targets, item) ?? [bindGroupItem(environment, targets, item, "GROUP BY")])
			.map(keyOf);
	const setsOf = (node: Node): number[][] => {
		const set = as(node, "GroupingSet");
		return set === undefined ? [elementOf(node)] : setsOfGroupingSet(set);
	};
	const setsOfGroupingSet = (set: GroupingSet): number[][] => {
		const content = set.content ?? [];
		switch (set.kind) {
			case "GROUPING_SET_ROLLUP": {
				const elements = content.map(elementOf);
				return [...elements.keys(), elements.length].map((_, index) => elements.slice(0, elements.length - index).flat());
			}
			case "GROUPING_SET_CUBE": {
				const elements = content.map(elementOf);
				if (elements.length > CUBE_ELEMENT_COUNT_MAX) {
					throw statement.error("too_many_columns", `CUBE is limited to ${CUBE_ELEMENT_COUNT_MAX} elements`, set.location ?? 0);
				}
				const count = 2 ** elements.length;
				return Array.from({ length: count }, (_, absent) => elements.filter((_element, index) => (absent & (1 << index)) === 0).flat());
			}
			case "GROUPING_SET_SETS":
				return content.flatMap(setsOf);
			default:
				return [[]];
		}
	};
	let sets: number[][] = [[]];
	let isPlain = true;
	for (const item of clause.items) {
		if (as(item, "GroupingSet") !== undefined) isPlain = false;
		const own = setsOf(item);
		if (sets.length * own.length > GROUPING_SET_COUNT_MAX) {
			throw statement.error(
				"statement_too_complex",
				`too many grouping sets present (maximum ${GROUPING_SET_COUNT_MAX})`,
				locationOf(item),
			);
		}
		sets = sets.flatMap((set) => own.map((other) => [...new Set([...set, ...other])]));
	}
	if (isPlain) return { keys, sets: null };
	return { keys, sets: clause.distinct ? distinctSets(sets) : sets };
}

function distinctSets(sets: number[][]): number[][] {
	const byMembers = new Map(sets.toReversed().map((set) => [set.toSorted((left, right) => left - right).join(), set]));
	return [...byMembers.values()].reverse();
}

/** @throws grouping_error (42803) where aggregates are not allowed */
export function bindGroupingCall(environment: ExpressionEnvironment, call: GroupingFunc): Bound {
	const { statement, aggregates, clause } = environment;
	const location = call.location ?? 0;
	if (environment.insideAggregate) throw statement.error("grouping_error", "aggregate function calls cannot be nested", location);
	if (aggregates === null) throw statement.error("grouping_error", `grouping operations are not allowed in ${clause}`, location);
	if ((call.args ?? []).length > 31) {
		throw statement.error("program_limit_exceeded", "GROUPING must have fewer than 32 arguments", location);
	}
	const type = { kind: "integer" } as const;
	const column = statement.columns.add({ name: "grouping", type, nullable: false, origin: null });
	const list = (call.args ?? []).map((argument) => ({
		bound: environment.bind(argument, { aggregates: null }),
		location: locationOf(argument),
	}));
	aggregates.groupings.push({ column, arguments: list });
	return typed({ kind: "column", index: column, type }, location);
}
