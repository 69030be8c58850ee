/** Which kernels a plan cannot do without: by operator, aggregate and expression. What is not known here fails the proof. */
import { unreachable } from "#shared/base/assert.ts";
import { physicalType } from "#shared/contracts/data-type.ts";
import { COMPARISON_NAMES } from "#shared/contracts/functions/operator-signatures.ts";
import type { AggregateCall, Expression } from "#shared/contracts/plan/expression.ts";
import { inputsOf } from "#shared/contracts/plan/inputs.ts";
import type { PhysicalOperator } from "#shared/contracts/plan/physical.ts";
import { takesExtremes } from "#shared/engine/operators/wide-scan.ts";

/** One of these kernels must have been called, for this reason. */
export interface Need {
	reason: string;
	kernels: RegExp;
}

const FUNCTIONS: Record<string, RegExp> = {
	add: /^(arithmetic_|numeric_add|decimal_add|add_)/,
	subtract: /^(arithmetic_|numeric_add|decimal_add|add_|subtract_)/,
	multiply: /^(arithmetic_|numeric_multiply|decimal_multiply)/,
	divide: /^(arithmetic_|numeric_divide)/,
	like: /^like_bytes/,
	not_like: /^like_bytes/,
	date_trunc: /^date_trunc_/,
	extract: /^extract_/,
	length: /^length_bytes/,
	substring: /^substring_/,
};
const COMPARISONS = new Set<string>(COMPARISON_NAMES);
/** Functions whose values are computed by a library, one by one: their column is still read and built by kernels. */
const BY_VALUE = new Set(["regexp_replace"]);

const nameOf = (functionId: string): string => functionId.slice(0, functionId.indexOf("("));

export function neededKernels(root: PhysicalOperator): Need[] {
	const needs: Need[] = [];
	visitOperator(root, needs);
	return needs;
}

function visitOperator(node: PhysicalOperator, needs: Need[]): void {
	const need = (reason: string, kernels: RegExp): void => void needs.push({ reason, kernels });
	switch (node.kind) {
		case "scan":
			if (node.columns.length > 0) need("scan: decode", /^(hybrid_read|plain_|unpack_bits|snappy_decompress|delta_|gather_fixed)/);
			if (node.predicate !== null) {
				need("scan: select", /^(select_true|select_codes|partition_true)/);
				visitExpression(node.predicate, needs);
			}
			return;
		case "values":
			for (const row of node.rows) for (const value of row) visitExpression(value, needs);
			return;
		case "filter":
			need("filter: select", /^(select_true|partition_true)/);
			visitExpression(node.predicate, needs);
			break;
		case "project":
			for (const expression of node.expressions) visitExpression(expression, needs);
			break;
		case "hash_join":
			need("join: build", /^(join_insert)/);
			need("join: probe", /^join_(probe|exists|marked)/);
			visitOperator(node.build, needs);
			visitOperator(node.probe, needs);
			return;
		case "nested_loop_join":
			visitOperator(node.build, needs);
			visitOperator(node.probe, needs);
			return;
		case "hash_aggregate":
			if (node.groupKeys.length > 0) need("aggregate: groups", /^(group_rows|group_by_codes)$/);
			for (const key of node.groupKeys) visitExpression(key, needs);
			for (const call of node.aggregates) visitAggregate(call, needs);
			// Row groups' statistics give these, and no page is read.
			if (node.input.kind === "scan" && node.groupKeys.length === 0 && takesExtremes(node, node.input)) return;
			break;
		case "sort":
			need("sort", /^sort_/);
			for (const { expression } of node.keys) visitExpression(expression, needs);
			break;
		case "top_n":
			need("top-N", /^(sort_|rows_before)/);
			for (const { expression } of node.keys) visitExpression(expression, needs);
			break;
		case "limit":
		case "exchange":
			break;
		case "union_all":
		case "set_operation":
		case "expand":
		case "window":
		case "table_function":
		case "subplan_scan":
		case "worktable_scan":
		case "recursive_union":
			for (const input of inputsOf(node)) visitOperator(input, needs);
			return;
		default:
			return unreachable(node);
	}
	visitOperator(node.input, needs);
}

function visitAggregate(call: AggregateCall, needs: Need[]): void {
	const name = nameOf(call.functionId);
	const kernels: Record<string, RegExp> = {
		count: /^agg_count(_one|_runs)?$/,
		sum: /^agg_(sum|wide)_/,
		avg: /^agg_(sum|wide)_/,
		min: /^agg_extreme/,
		max: /^agg_extreme/,
	};
	needs.push({ reason: `aggregate ${call.functionId}`, kernels: kernels[name] ?? unknown(call.functionId) });
	if (call.distinct) needs.push({ reason: `distinct ${call.functionId}`, kernels: /^group_(rows|by_codes)$/ });
	if (call.filter !== null) visitExpression(call.filter, needs);
	for (const argument of call.arguments) visitExpression(argument, needs);
}

function unknown(functionId: string): never {
	throw new Error(`say in needed-kernels.ts which kernel computes ${functionId}`);
}

function visitExpression(expression: Expression, needs: Need[]): void {
	switch (expression.kind) {
		case "column":
		case "constant":
			return;
		case "call": {
			const name = nameOf(expression.functionId);
			const type = physicalType((expression.arguments[0] as Expression).type);
			if (COMPARISONS.has(name)) {
				needs.push({
					reason: expression.functionId,
					kernels: type === "numeric" ? /^numeric_compare$|^compare_/ : new RegExp(`^compare_${type}$`),
				});
			} else if (!BY_VALUE.has(name)) {
				needs.push({ reason: expression.functionId, kernels: FUNCTIONS[name] ?? unknown(expression.functionId) });
			}
			for (const argument of expression.arguments) visitExpression(argument, needs);
			return;
		}
		case "cast":
			visitExpression(expression.input, needs);
			return;
		case "and":
		case "or":
			for (const argument of expression.arguments) visitExpression(argument, needs);
			return;
		case "not":
			needs.push({ reason: "NOT", kernels: /^not_bool$/ });
			visitExpression(expression.input, needs);
			return;
		case "is_null":
			needs.push({ reason: "IS NULL", kernels: /^is_null$/ });
			visitExpression(expression.input, needs);
			return;
		case "in_list":
			needs.push({ reason: "IN", kernels: /^(in_sorted_|compare_)/ });
			visitExpression(expression.input, needs);
			return;
		case "quantified":
			visitExpression(expression.input, needs);
			visitExpression(expression.array, needs);
			return;
		case "case":
			needs.push({ reason: "CASE", kernels: /^(merge_fixed|copy_bytes)$/ });
			for (const { when } of expression.branches) visitExpression(when, needs);
			return;
		case "coalesce":
			for (const argument of expression.arguments) visitExpression(argument, needs);
			return;
		default:
			return unreachable(expression);
	}
}
