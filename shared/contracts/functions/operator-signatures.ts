/** Comparison, arithmetic and bit operators. Operands are of one kind: the binder casts first (`smallint + bigint` is `add(bigint,bigint)`). */
import { scalar } from "./define.ts";
import type { FunctionSignature } from "./signature.ts";

/**
 * Kinds that `=`, `<` and ORDER BY know. VARCHAR is compared as text (the cast costs nothing); CHAR ignores trailing blanks.
 * NUMERIC takes fixed and free operands in any mix.
 */
export const COMPARABLE_KINDS = [
	"boolean",
	"smallint",
	"integer",
	"bigint",
	"real",
	"double",
	"numeric",
	"text",
	"char",
	"bytea",
	"date",
	"time",
	"timestamp",
	"timestamptz",
	"interval",
	"uuid",
	"jsonb",
	"array",
] as const;
export const COMPARISON_NAMES = ["eq", "ne", "lt", "le", "gt", "ge"] as const;
const COMPARISON_WORDS = {
	eq: "equal to",
	ne: "different from",
	lt: "less than",
	le: "at most",
	gt: "greater than",
	ge: "at least",
} as const;

const comparisons: FunctionSignature[] = COMPARABLE_KINDS.flatMap((kind) =>
	COMPARISON_NAMES.map((name) =>
		scalar(name, [kind, kind], "boolean", `True when the left ${kind} is ${COMPARISON_WORDS[name]} the right one.`, {
			cost:
				kind === "jsonb" || kind === "array" ? 20 : kind === "text" || kind === "char" || kind === "bytea" || kind === "numeric" ? 4 : 1,
		}),
	),
);

const INTEGER_KINDS = ["smallint", "integer", "bigint"] as const;
const FLOAT_KINDS = ["real", "double"] as const;
const NUMBER_KINDS = [...INTEGER_KINDS, ...FLOAT_KINDS, "numeric"] as const;

const arithmetic: FunctionSignature[] = NUMBER_KINDS.flatMap((kind) => {
	const cost = kind === "numeric" ? 6 : 1;
	const raising = { canRaise: true, cost };
	const binary = (name: string, description: string, factor = 1) =>
		scalar(name, [kind, kind], kind, description, { canRaise: true, cost: cost * factor });
	const integerOrNumeric = kind !== "real" && kind !== "double";
	return [
		binary("add", `The sum; 22003 when it is no ${kind}.`),
		binary("subtract", `The difference; 22003 when it is no ${kind}.`),
		binary("multiply", `The product; 22003 when it is no ${kind}.`, 2),
		binary("divide", "The quotient, truncated towards zero for integers; 22012 for a zero divisor.", 4),
		...(integerOrNumeric
			? [
					binary("modulo", "The remainder, with the sign of the dividend; 22012 for a zero divisor.", 4),
					binary("mod", "The remainder, with the sign of the dividend; 22012 for a zero divisor.", 4),
				]
			: []),
		scalar("negate", [kind], kind, "The value with its sign changed.", integerOrNumeric && kind !== "numeric" ? raising : { cost }),
		scalar("plus", [kind], kind, "The value itself.", { cost }),
		scalar("abs", [kind], kind, "The value without its sign.", integerOrNumeric && kind !== "numeric" ? raising : { cost }),
	];
});

const bits: FunctionSignature[] = INTEGER_KINDS.flatMap((kind) => [
	scalar("bitwise_and", [kind, kind], kind, "Bits set in both."),
	scalar("bitwise_or", [kind, kind], kind, "Bits set in either."),
	scalar("bitwise_xor", [kind, kind], kind, "Bits set in one of the two."),
	scalar("bitwise_not", [kind], kind, "Every bit inverted."),
	scalar("shift_left", [kind, "integer"], kind, "Bits moved left; the count is taken modulo the type's width."),
	scalar("shift_right", [kind, "integer"], kind, "Bits moved right, the sign kept; the count is taken modulo the type's width."),
]);

export const OPERATOR_SIGNATURES: readonly FunctionSignature[] = [...comparisons, ...arithmetic, ...bits];
