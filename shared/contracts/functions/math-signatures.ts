/** Mathematical functions, with PostgreSQL's overloads: the double and the numeric form of one name differ in rounding and scale. */
import type { DataType } from "../data-type.ts";
import { scalar } from "./define.ts";
import type { FunctionSignature } from "./signature.ts";

const RAISING = { canRaise: true, cost: 8 } as const;
const TRANSCENDENTAL = { canRaise: true, cost: 40 } as const;

const first = (types: DataType[]): DataType => {
	const type = types[0] as DataType;
	return type.kind === "numeric" ? { kind: "numeric" } : type;
};

const BOTH = ["double", "numeric"] as const;

const rounding: FunctionSignature[] = BOTH.flatMap((kind) => {
	const options = kind === "numeric" ? RAISING : {};
	return [
		scalar("sign", [kind], kind, "-1, 0 or 1.", options),
		scalar("ceil", [kind], kind, "The nearest whole number not below the value.", options),
		scalar("ceiling", [kind], kind, "The nearest whole number not below the value.", options),
		scalar("floor", [kind], kind, "The nearest whole number not above the value.", options),
		scalar(
			"round",
			[kind],
			kind,
			kind === "double" ? "The nearest whole number, ties to even." : "The nearest whole number, ties away from zero.",
			options,
		),
		scalar("trunc", [kind], kind, "The value without its fraction.", options),
	];
});

const transcendental: FunctionSignature[] = BOTH.flatMap((kind) => [
	scalar("sqrt", [kind], kind, "The square root; 2201F for a negative value.", TRANSCENDENTAL),
	scalar("exp", [kind], kind, "e to the power of the value.", TRANSCENDENTAL),
	scalar("ln", [kind], kind, "The natural logarithm; 2201E unless the value is positive.", TRANSCENDENTAL),
	scalar("log", [kind], kind, "The logarithm to base 10; 2201E unless the value is positive.", TRANSCENDENTAL),
	scalar("log10", [kind], kind, "The logarithm to base 10; 2201E unless the value is positive.", TRANSCENDENTAL),
	scalar("power", [kind, kind], kind, "The first value to the power of the second.", TRANSCENDENTAL),
	scalar("pow", [kind, kind], kind, "The first value to the power of the second.", TRANSCENDENTAL),
]);

const doubles: FunctionSignature[] = [
	...["cbrt", "sin", "cos", "tan", "asin", "acos", "atan", "degrees", "radians"].map((name) =>
		scalar(name, ["double"], "double", `The ${name} of the value.`, TRANSCENDENTAL),
	),
	scalar("atan2", ["double", "double"], "double", "The inverse tangent of the first value over the second.", TRANSCENDENTAL),
	scalar("pi", [], "double", "The number pi."),
];

export const MATH_SIGNATURES: readonly FunctionSignature[] = [
	...rounding,
	scalar("round", ["numeric", "integer"], "numeric", "Rounded to that many decimal digits, ties away from zero.", RAISING),
	scalar("trunc", ["numeric", "integer"], "numeric", "Cut to that many decimal digits.", RAISING),
	...transcendental,
	scalar("log", ["numeric", "numeric"], "numeric", "The logarithm of the second value to the base of the first.", TRANSCENDENTAL),
	...doubles,
	scalar("scale", ["numeric"], "integer", "Decimal digits in the fraction.", { cost: 2 }),
	scalar("greatest", ["any"], first, "The largest argument that is not NULL; the binder gives all one type.", {
		variadic: true,
		strict: false,
		cost: 4,
	}),
	scalar("least", ["any"], first, "The smallest argument that is not NULL; the binder gives all one type.", {
		variadic: true,
		strict: false,
		cost: 4,
	}),
];
