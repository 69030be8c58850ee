/** Turns a level with aggregates or GROUP BY into an aggregation: what stands above it may only use group keys and aggregates. */
import type { AggregateCall, Expression } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN, conjunction, fingerprint, mapParts } from "../../../logical/expression.ts";
import { outputColumns } from "../../../logical/output.ts";
import type { ColumnId, ColumnTable, LogicalOperator } from "../../../logical/plan.ts";
import { settle } from "../expressions/coerce.ts";
import type { AggregateCollector, ExpressionEnvironment, OuterUse } from "../environment.ts";
import type { StatementContext } from "../statement.ts";

export interface Grouping {
	operator: LogicalOperator;
	/** Rewrites an expression over the input into one over the aggregation. @throws grouping_error (42803) */
	lift: (expression: Expression) => Expression;
	/** The column of each of `groupKeys` where there are sets: of equal keys each has its own. */
	keyColumns: ColumnId[] | null;
	/** The group's columns by those of the input, for subqueries that use them. @throws grouping_error (42803) for a column that is not grouped by */
	liftUses: (uses: OuterUse[]) => Map<ColumnId, ColumnId>;
}

export function makeGrouping(options: {
	statement: StatementContext;
	input: LogicalOperator;
	groupKeys: { expression: Expression; name: string }[];
	/** Positions in `groupKeys` of each grouping set; null for one set of all. */
	sets: number[][] | null;
	aggregates: AggregateCollector;
	locations: ExpressionEnvironment["locations"];
	/** Columns made above the aggregation: of subqueries, of window functions. */
	above: ReadonlySet<ColumnId>;
}): Grouping {
	const { statement, aggregates, locations, above, sets } = options;
	const grouped = sets === null ? groupOnce(options) : groupBySets({ ...options, sets });
	// Of equal keys, which grouping sets may have, an expression means the first.
	const byKey = new Map(grouped.keys.toReversed().map(({ expression, column }) => [fingerprint(expression), column]));
	const known = new Set([...grouped.keys.map(({ column }) => column), ...aggregates.columns, ...above]);
	const groupings = new Map(aggregates.groupings.map((call) => [call.column, bindMasks(statement, call.arguments, byKey, grouped)]));
	const lift = (expression: Expression): Expression => {
		const key = byKey.get(fingerprint(expression));
		if (key !== undefined) return { kind: "column", index: key, type: expression.type };
		if (expression.kind === "column") {
			const mask = groupings.get(expression.index);
			if (mask !== undefined) return mask;
			if (known.has(expression.index)) return expression;
			// A column of a query around this one is a constant here.
			if (!inputColumns.has(expression.index)) return expression;
			const where = locations.get(expression);
			const name = where?.name ?? statement.columns.get(expression.index).name;
			throw statement.error(
				"grouping_error",
				`column "${name}" must appear in the GROUP BY clause or be used in an aggregate function`,
				where?.location ?? -1,
			);
		}
		return mapParts(expression, lift);
	};
	const inputColumns = new Set(outputColumns(options.input));
	for (const argument of aggregates.direct) lift(argument);
	const plainKeys = new Map(
		grouped.keys.flatMap(({ expression, column }) => (expression.kind === "column" ? [[expression.index, column]] : [])),
	);
	return {
		operator: grouped.operator,
		lift,
		keyColumns: sets === null ? null : grouped.keys.map(({ column }) => column),
		liftUses(uses) {
			const changed = new Map<ColumnId, ColumnId>();
			for (const { id, name, location } of uses) {
				const key = plainKeys.get(id);
				if (key !== undefined) changed.set(id, key);
				else if (!known.has(id)) {
					throw statement.error("grouping_error", `subquery uses ungrouped column "${name}" from outer query`, location);
				}
			}
			return changed;
		},
	};
}

interface Grouped {
	operator: LogicalOperator;
	keys: { expression: Expression; column: ColumnId }[];
	/** The number of the row's grouping set, and the keys of each; null where there is one. */
	set: { column: ColumnId; members: ColumnId[][] } | null;
}

type GroupingInput = Pick<Parameters<typeof makeGrouping>[0], "statement" | "input" | "groupKeys" | "aggregates">;

function groupOnce({ statement, input, groupKeys, aggregates }: GroupingInput): Grouped {
	const keys: Grouped["keys"] = [];
	const seen = new Set<string>();
	for (const { expression, name } of groupKeys) {
		const key = fingerprint(expression);
		if (seen.has(key)) continue;
		seen.add(key);
		// A plain column of the input keeps its id, and with it its statistics.
		const keeps = expression.kind === "column" && outputColumns(input).includes(expression.index);
		const column = keeps ? expression.index : statement.columns.add({ name, type: expression.type, nullable: true, origin: null });
		keys.push({ expression, column });
	}
	return {
		operator: {
			kind: "aggregate",
			input,
			groupColumns: keys.map(({ column }) => column),
			groupKeys: keys.map(({ expression }) => expression),
			aggregateColumns: aggregates.columns,
			aggregates: aggregates.calls,
		},
		keys,
		set: null,
	};
}

/**
 * Each row once per set, with NULL for the keys that the set leaves out, and the set's number; then one aggregation by all of these. A set without keys has one row
 * even over no input: one more row, which no aggregate counts, makes sure of its group.
 */
function groupBySets(options: GroupingInput & { sets: number[][] }): Grouped {
	const { statement, groupKeys, aggregates, sets } = options;
	const { columns } = statement;
	const hasEmpty = sets.some((set) => set.length === 0);
	const { input, present } = hasEmpty ? withOneMoreRow(options.input, columns) : { input: options.input, present: null };
	const passed = outputColumns(input);
	const keys = groupKeys.map(({ expression, name }) => ({
		expression,
		column: columns.add({ name, type: expression.type, nullable: true, origin: null }),
	}));
	const integer = { kind: "integer" } as const;
	const setColumn = columns.add({ name: "grouping_set", type: integer, nullable: false, origin: null });
	const keyColumns = keys.map(({ column }) => column);
	const expanded: LogicalOperator = {
		kind: "expand",
		input,
		columns: [...passed, ...keyColumns, setColumn],
		projections: sets.map((set, number) => [
			...references(passed, columns),
			...keys.map(
				({ expression }, index): Expression =>
					set.includes(index) ? expression : { kind: "constant", value: null, type: expression.type },
			),
			{ kind: "constant", value: number, type: integer },
		]),
	};
	const [setReference] = references([setColumn], columns) as [Expression];
	const emptyNumbers = sets.flatMap((set, number) => (set.length === 0 ? [number] : []));
	const wanted: Expression | null =
		present === null
			? null
			: {
					kind: "or",
					arguments: [present, { kind: "in_list", input: setReference, values: emptyNumbers, negated: false, type: BOOLEAN }],
					type: BOOLEAN,
				};
	const counted = (call: AggregateCall): AggregateCall =>
		present === null ? call : { ...call, filter: conjunction([present, ...(call.filter === null ? [] : [call.filter])]) };
	return {
		operator: {
			kind: "aggregate",
			input: wanted === null ? expanded : { kind: "filter", input: expanded, predicate: wanted },
			groupColumns: [...keyColumns, setColumn],
			groupKeys: references([...keyColumns, setColumn], columns),
			aggregateColumns: aggregates.columns,
			aggregates: aggregates.calls.map(counted),
		},
		keys,
		set: { column: setColumn, members: sets.map((set) => set.map((index) => keyColumns[index] as ColumnId)) },
	};
}

/** The input's rows, and one of NULLs; `present` tells them apart. */
function withOneMoreRow(input: LogicalOperator, columns: ColumnTable): { input: LogicalOperator; present: Expression } {
	const passed = outputColumns(input);
	const flag = () => columns.add({ name: "present", type: BOOLEAN, nullable: false, origin: null });
	const [own, added, merged] = [flag(), flag(), flag()];
	const types = passed.map((id) => columns.get(id).type);
	const empty = types.map((type) => columns.add({ name: "none", type, nullable: true, origin: null }));
	const constant = (value: boolean): Expression => ({ kind: "constant", value, type: BOOLEAN });
	const nulls = types.map((type): Expression => ({ kind: "constant", value: null, type }));
	for (const id of passed) columns.get(id).nullable = true;
	return {
		input: {
			kind: "union_all",
			columns: [...passed, merged],
			inputs: [
				{ kind: "project", input, columns: [...passed, own], expressions: [...references(passed, columns), constant(true)] },
				{ kind: "values", columns: [...empty, added], types: [...types, BOOLEAN], rows: [[...nulls, constant(false)]] },
			],
			inputColumns: [
				[...passed, own],
				[...empty, added],
			],
		},
		present: { kind: "column", index: merged, type: BOOLEAN },
	};
}

/** GROUPING(...): a bit for each argument, 1 where the row's set leaves it out, the last argument's the lowest. @throws grouping_error (42803) */
function bindMasks(
	statement: StatementContext,
	list: { bound: Parameters<typeof settle>[1]; location: number }[],
	byKey: Map<string, ColumnId>,
	{ set }: Grouped,
): Expression {
	const type = { kind: "integer" } as const;
	const keys = list.map(({ bound, location }) => {
		const key = byKey.get(fingerprint(settle(statement, bound)));
		if (key !== undefined) return key;
		throw statement.error("grouping_error", "arguments to GROUPING must be grouping expressions of the associated query level", location);
	});
	const maskOf = (members: ColumnId[]) => keys.reduce((mask, key) => mask * 2 + (members.includes(key) ? 0 : 1), 0);
	if (set === null) return { kind: "constant", value: 0, type };
	const [reference] = references([set.column], statement.columns) as [Expression];
	return {
		kind: "case",
		branches: set.members.map((members, number) => ({
			when: {
				kind: "call",
				functionId: "eq(integer,integer)",
				arguments: [reference, { kind: "constant", value: number, type }],
				type: BOOLEAN,
			},
			then: { kind: "constant", value: maskOf(members), type },
		})),
		otherwise: { kind: "constant", value: 0, type },
		type,
	};
}

function references(ids: ColumnId[], columns: ColumnTable): Expression[] {
	return ids.map((id) => ({ kind: "column", index: id, type: columns.get(id).type }));
}
