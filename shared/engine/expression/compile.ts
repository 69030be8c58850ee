/** Bound expressions to evaluators. The plan is trusted to be well typed; what it names must exist. */
import { assert, unreachable } from "#shared/base/assert.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { COMPARISON_NAMES } from "#shared/contracts/functions/operator-signatures.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import type { FunctionSignature } from "#shared/contracts/functions/signature.ts";
import type { CallExpression, CastExpression, Expression } from "#shared/contracts/plan/expression.ts";
import type { NumericValue } from "#shared/contracts/value.ts";
import { bindCast } from "../functions/casts/cast.ts";
import { scalarKernel } from "../functions/scalar-kernels.ts";
import { ApplyEvaluator } from "./apply.ts";
import { compileCase, compileCoalesce } from "./conditional.ts";
import type { CompileOptions, Evaluator } from "./evaluator.ts";
import { compileInList } from "./in-list.ts";
import { compileColumn, compileConstant } from "./leaf.ts";
import { compileQuantified } from "./quantified.ts";
import { oncePerEntry, singleColumn } from "./single-column.ts";
import { compileIsNull, compileLogical, compileNot } from "./logical.ts";

type NumericType = DataType & { kind: "numeric" };

/** What operators hold of an expression. */
export type CompiledExpression = Evaluator;

/**
 * @returns an evaluator for batches whose columns are those that the expression names; it may be kept for the whole query, and remembers what it made of the
 * last dictionary in pages of the region's lease
 */
export function compileExpression(expression: Expression, options: CompileOptions): CompiledExpression {
	if (isLeaf(expression)) return compileNode(expression, options, compileExpression);
	const column = singleColumn(expression);
	if (column === null) return compileNode(expression, options, compileExpression);
	// Its parts are computed with it, once per entry.
	return oncePerEntry(compileParts(expression, options), column, options);
}

function isLeaf({ kind }: Expression): boolean {
	return kind === "column" || kind === "constant";
}

function compileParts(expression: Expression, options: CompileOptions): Evaluator {
	return compileNode(expression, options, compileParts);
}

type Compile = (expression: Expression, options: CompileOptions) => Evaluator;

function compileNode(expression: Expression, options: CompileOptions, compilePart: Compile): Evaluator {
	const compile = (inner: Expression): Evaluator => compilePart(inner, options);
	switch (expression.kind) {
		case "column":
			return compileColumn(expression);
		case "constant":
			return compileConstant(expression, options);
		case "call":
			return compileCall(expression, options, compilePart);
		case "cast":
			return compileCast(expression, options, compile(expression.input));
		case "and":
		case "or":
			return compileLogical(expression.kind, expression.arguments.map(compile), options);
		case "not":
			return compileNot(compile(expression.input), options);
		case "is_null":
			return compileIsNull(compile(expression.input), expression.negated, options);
		case "in_list":
			return compileInList(compile(expression.input), expression, options);
		case "case": {
			const branches = expression.branches.map(({ when, then }) => ({ when: compile(when), then: compile(then) }));
			return compileCase(branches, compile(expression.otherwise), expression.type, options);
		}
		case "coalesce":
			return compileCoalesce(expression.arguments.map(compile), expression.type, options);
		case "quantified":
			return compileQuantified(compile(expression.input), compile(expression.array), expression, options);
		default:
			return unreachable(expression);
	}
}

function compileCall(expression: CallExpression, options: CompileOptions, compile: Compile): Evaluator {
	const signature = signatureById(expression.functionId);
	assert(signature?.kind === "scalar", `${expression.functionId} is a scalar function`);
	const operands = alignNumericConstant(signature, expression.arguments).map((argument) => compile(argument, options));
	const kernel = scalarKernel(signature.id)({
		argumentTypes: operands.map((operand) => operand.type),
		type: expression.type,
		constants: operands.map((operand) => operand.constant),
		statement: options.statement,
	});
	return new ApplyEvaluator(
		{
			arguments: operands,
			kernel,
			type: expression.type,
			strict: signature.strict,
			total: !signature.canRaise,
			repeatable: signature.volatility !== "volatile",
			costPerRow: signature.cost,
		},
		options,
	);
}

/**
 * Comparing a NUMERIC(p,s) with a constant that this type can hold exactly: the constant takes the type, so that coefficients are compared in 64 bits.
 * Any other comparison of numerics goes through the free kernel, which brings both sides to one scale row by row.
 */
function alignNumericConstant(signature: FunctionSignature, operands: Expression[]): Expression[] {
	const fixed = operands.find(
		(operand) => operand.kind !== "constant" && operand.type.kind === "numeric" && operand.type.precision !== undefined,
	);
	if (fixed === undefined || operands.length !== 2 || !(COMPARISON_NAMES as readonly string[]).includes(signature.name)) return operands;
	return operands.map((operand): Expression => {
		if (operand.kind !== "constant" || operand.value === null) return operand;
		const value = operand.value as NumericValue;
		const { precision = 0, scale = 0 } = fixed.type as NumericType;
		const exact = value.scale <= scale ? value.coefficient * 10n ** BigInt(scale - value.scale) : shorten(value, scale);
		if (exact === null || exact >= 10n ** BigInt(precision) || exact <= -(10n ** BigInt(precision))) return operand;
		return { kind: "constant", value: { coefficient: exact, scale }, type: fixed.type };
	});
}

/** The coefficient at fewer decimals, or null where digits would be lost. */
function shorten(value: NumericValue, scale: number): bigint | null {
	const divisor = 10n ** BigInt(value.scale - scale);
	return value.coefficient % divisor === 0n ? value.coefficient / divisor : null;
}

function compileCast(expression: CastExpression, options: CompileOptions, input: Evaluator): Evaluator {
	const cast = bindCast(input.type, expression.type, expression.explicit, options.statement);
	if (cast.kind === "relabel") {
		return {
			type: expression.type,
			costPerRow: input.costPerRow,
			evaluate: (batch, region) => cast.relabel(input.evaluate(batch, region)),
			...(input.constant === undefined ? {} : { constant: input.constant }),
		};
	}
	return new ApplyEvaluator(
		{
			arguments: [input],
			kernel: cast.kernel,
			type: expression.type,
			strict: true,
			total: cast.total,
			repeatable: true,
			costPerRow: cast.costPerRow,
		},
		options,
	);
}
