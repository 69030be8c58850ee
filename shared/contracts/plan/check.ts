/**
 * The structural check of a plan, made once by who receives it: versions, positions and types fit together, so operators need not ask. What fails here is
 * a bug of the optimizer or a plan of another version, never a user's mistake.
 */
import { assert, unreachable } from "#shared/base/assert.ts";
import { sameType, type DataType } from "../data-type.ts";
import { signatureById } from "../functions/registry.ts";
import type { AggregateCall, Expression, WindowCall } from "./expression.ts";
import { joinTypes } from "./join-types.ts";
import { PLAN_VERSION, type PhysicalOperator, type PhysicalPlan } from "./physical.ts";

/** @throws Error naming what does not fit */
export function checkPlan(plan: PhysicalPlan): void {
	assert(plan.version === PLAN_VERSION, `a plan of version ${PLAN_VERSION}`);
	for (const subplan of plan.subplans) checkOperator(subplan, plan);
	const types = checkOperator(plan.root, plan);
	assert(types.length === plan.output.length, "the root emits the plan's output");
	for (const [index, { type }] of plan.output.entries()) assert(sameType(type, types[index] as DataType), `output ${index} has its type`);
}

/** @returns the types of the operator's output columns */
function checkOperator(node: PhysicalOperator, plan: PhysicalPlan): DataType[] {
	switch (node.kind) {
		case "scan": {
			const table = plan.tables[node.table];
			assert(table !== undefined, "a scan names a table of the plan");
			const types = node.columns.map((fieldId) => {
				const column = table.schema.columns.find((candidate) => candidate.fieldId === fieldId);
				assert(column !== undefined, `field ${fieldId} is of table ${table.schema.name}`);
				return column.type;
			});
			checkPredicate(node.predicate, types);
			return types;
		}
		case "values":
			for (const row of node.rows) {
				assert(row.length === node.types.length, "a row of VALUES has every column");
				for (const [index, value] of row.entries()) {
					checkExpression(value, []);
					assert(sameType(value.type, node.types[index] as DataType), "a value has its column's type");
				}
			}
			return node.types;
		case "filter": {
			const types = checkOperator(node.input, plan);
			checkPredicate(node.predicate, types);
			return types;
		}
		case "project": {
			const types = checkOperator(node.input, plan);
			checkAll(node.expressions, types);
			return node.expressions.map(({ type }) => type);
		}
		case "hash_join": {
			const probe = checkOperator(node.probe, plan);
			const build = checkOperator(node.build, plan);
			checkAll(node.probeKeys, probe);
			checkAll(node.buildKeys, build);
			assert(node.probeKeys.length > 0 && node.probeKeys.length === node.buildKeys.length, "join keys come in pairs");
			for (const [index, key] of node.probeKeys.entries()) {
				assert(sameType(key.type, (node.buildKeys[index] as Expression).type), "a pair of join keys has one type");
			}
			assert(!node.nullAware || node.join === "mark", "only a mark join is aware of NULLs");
			checkPredicate(node.residual, [...probe, ...build]);
			return joinTypes(node.join, probe, build);
		}
		case "nested_loop_join": {
			assert(node.join !== "right" && node.join !== "right_semi" && node.join !== "right_anti", "only hash joins exchange their sides");
			const probe = checkOperator(node.probe, plan);
			const build = checkOperator(node.build, plan);
			checkPredicate(node.condition, [...probe, ...build]);
			return joinTypes(node.join, probe, build);
		}
		case "hash_aggregate": {
			const types = checkOperator(node.input, plan);
			checkAll(node.groupKeys, types);
			for (const call of node.aggregates) checkAggregate(call, types);
			if (node.wanted !== undefined) {
				const { groupCount, order } = node.wanted;
				assert(groupCount >= 1 && node.groupKeys.length > 0, "some of the groups are wanted");
				for (const { key } of order) assert(node.groupKeys[key] !== undefined, "groups are ordered by their keys");
			}
			return [...node.groupKeys, ...node.aggregates].map(({ type }) => type);
		}
		case "sort":
		case "top_n": {
			const types = checkOperator(node.input, plan);
			checkAll(
				node.keys.map((key) => key.expression),
				types,
			);
			return types;
		}
		case "limit":
			return checkOperator(node.input, plan);
		case "exchange": {
			const types = checkOperator(node.input, plan);
			checkAll(node.keys, types);
			return types;
		}
		case "union_all": {
			const [first, ...rest] = node.inputs.map((input) => checkOperator(input, plan));
			assert(first !== undefined, "UNION ALL has an input");
			for (const types of rest) checkSame(types, first);
			return first;
		}
		case "set_operation": {
			const left = checkOperator(node.left, plan);
			checkSame(checkOperator(node.right, plan), left);
			return left;
		}
		case "expand": {
			const input = checkOperator(node.input, plan);
			const [first, ...rest] = node.projections.map((projection) => {
				checkAll(projection, input);
				return projection.map(({ type }) => type);
			});
			assert(first !== undefined, "an expansion has a projection");
			for (const types of rest) checkSame(types, first);
			return first;
		}
		case "window": {
			const input = checkOperator(node.input, plan);
			checkAll([...node.partitionKeys, ...node.orderKeys.map(({ expression }) => expression)], input);
			for (const call of node.calls) checkWindowCall(call, input);
			return [...input, ...node.calls.map(({ type }) => type)];
		}
		case "table_function": {
			const input = checkOperator(node.input, plan);
			for (const { functionId, arguments: list } of node.functions) {
				assert(signatureById(functionId)?.kind === "table", `${functionId} returns rows`);
				checkAll(list, input);
			}
			const ordinality: DataType[] = node.ordinality ? [{ kind: "bigint" }] : [];
			return [...input, ...node.functions.flatMap(({ types }) => types), ...ordinality];
		}
		case "subplan_scan":
			assert(plan.subplans[node.subplan] !== undefined, "a scan names a subplan of the plan");
			return node.types;
		case "worktable_scan":
			return node.types;
		case "recursive_union":
			checkSame(checkOperator(node.seed, plan), node.types);
			checkSame(checkOperator(node.step, plan), node.types);
			return node.types;
		default:
			return unreachable(node);
	}
}

function checkSame(types: DataType[], expected: DataType[]): void {
	assert(
		types.length === expected.length && types.every((type, index) => sameType(type, expected[index] as DataType)),
		"inputs have the same types",
	);
}

function checkWindowCall(call: WindowCall, input: DataType[]): void {
	const kind = signatureById(call.functionId)?.kind;
	assert(kind === "window" || kind === "aggregate", `${call.functionId} may stand over a window`);
	checkAll(call.arguments, input);
	checkPredicate(call.filter, input);
	for (const bound of [call.frame.start, call.frame.end]) if ("offset" in bound) checkExpression(bound.offset, input);
	if (call.frame.rangeKey !== null) checkExpression(call.frame.rangeKey, input);
}

function checkAll(list: readonly Expression[], input: DataType[]): void {
	for (const expression of list) checkExpression(expression, input);
}

function checkPredicate(predicate: Expression | null, input: DataType[]): void {
	if (predicate === null) return;
	checkExpression(predicate, input);
	assert(predicate.type.kind === "boolean", "a predicate is boolean");
}

function checkAggregate(call: AggregateCall, input: DataType[]): void {
	assert(signatureById(call.functionId)?.kind === "aggregate", `${call.functionId} is an aggregate`);
	checkAll(call.arguments, input);
	checkPredicate(call.filter, input);
	for (const { expression } of call.orderBy ?? []) checkExpression(expression, input);
}

function checkExpression(expression: Expression, input: DataType[]): void {
	switch (expression.kind) {
		case "column": {
			const type = input[expression.index];
			assert(type !== undefined && sameType(type, expression.type), `column ${expression.index} is there with its type`);
			return;
		}
		case "constant":
			return;
		case "call": {
			const signature = signatureById(expression.functionId);
			assert(signature?.kind === "scalar", `${expression.functionId} is a function`);
			const count = expression.arguments.length;
			assert(signature.variadic ? count >= signature.arguments.length : count === signature.arguments.length, "a call has its arguments");
			checkAll(expression.arguments, input);
			return;
		}
		case "and":
		case "or":
			assert(expression.arguments.length > 1, "AND and OR join two or more");
			for (const argument of expression.arguments) checkPredicate(argument, input);
			return;
		case "not":
			checkPredicate(expression.input, input);
			return;
		case "cast":
		case "is_null":
		case "in_list":
			checkExpression(expression.input, input);
			return;
		case "quantified":
			assert(signatureById(expression.functionId)?.kind === "scalar", `${expression.functionId} is an operator`);
			checkAll([expression.input, expression.array], input);
			return;
		case "coalesce":
			checkAll(expression.arguments, input);
			return;
		case "case":
			for (const { when, then } of expression.branches) {
				checkPredicate(when, input);
				checkExpression(then, input);
			}
			checkExpression(expression.otherwise, input);
			return;
		default:
			unreachable(expression);
	}
}
