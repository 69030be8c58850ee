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
	...["sind", "cosd", "tand", "cotd"].map((name) =>
		scalar(name, ["double"], "double", `The ${name.slice(0, -1)} of the value in degrees.`, TRANSCENDENTAL),
	),
	...["asind", "acosd", "atand"].map((name) =>
		scalar(name, ["double"], "double", `The ${name.slice(0, -1)} of the value, in degrees.`, TRANSCENDENTAL),
	),
	...["cot", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"].map((name) =>
		scalar(name, ["double"], "double", `The ${name} of the value.`, TRANSCENDENTAL),
	),
	scalar("atan2d", ["double", "double"], "double", "The inverse tangent of the first value over the second, in degrees.", TRANSCENDENTAL),
	scalar("atan2", ["double", "double"], "double", "The inverse tangent of the first value over the second.", TRANSCENDENTAL),
	scalar("pi", [], "double", "The number pi."),
];

const wholeNumbers: FunctionSignature[] = [
	...(["integer", "bigint", "numeric"] as const).flatMap((kind) => [
		scalar("gcd", [kind, kind], kind, "The greatest common divisor.", TRANSCENDENTAL),
		scalar("lcm", [kind, kind], kind, "The least common multiple.", TRANSCENDENTAL),
	]),
	scalar("div", ["numeric", "numeric"], "numeric", "The whole part of the quotient; 22012 for a zero divisor.", RAISING),
	scalar("factorial", ["bigint"], "numeric", "The product of the whole numbers up to the value; 22003 for a negative one.", TRANSCENDENTAL),
];

const BUCKET = "Which of so many buckets of equal width between two bounds the value lies in: 0 below, one more than the count above.";
const buckets: FunctionSignature[] = [
	...BOTH.map((kind) => scalar("width_bucket", [kind, kind, kind, "integer"], "integer", BUCKET, RAISING)),
	scalar(
		"width_bucket",
		["compatible", "compatible_array"],
		"integer",
		"How many of the sorted thresholds are at most the value.",
		RAISING,
	),
];

export const MATH_SIGNATURES: readonly FunctionSignature[] = [
	...rounding,
	scalar("round", ["numeric", "integer"], "numeric", "Rounded to that many decimal digits, ties away from zero.", RAISING),
	scalar("trunc", ["numeric", "integer"], "numeric", "Cut to that many decimal digits.", RAISING),
	...transcendental,
	scalar("log", ["numeric", "numeric"], "numeric", "The logarithm of the second value to the base of the first.", TRANSCENDENTAL),
	...doubles,
	...wholeNumbers,
	...buckets,
	scalar("sqrt_op", ["double"], "double", "The square root (`|/`), in double precision; 2201F for a negative value.", TRANSCENDENTAL),
	scalar("random", [], "double", "A random number from 0 up to and without 1.", { volatility: "volatile", cost: 4 }),
	...(["integer", "bigint"] as const).map((kind) =>
		scalar("random", [kind, kind], kind, "A random whole number between the two, both possible.", { ...RAISING, volatility: "volatile" }),
	),
	scalar("scale", ["numeric"], "integer", "Decimal digits in the fraction.", { cost: 2 }),
	scalar("min_scale", ["numeric"], "integer", "Decimal digits in the fraction that the value needs.", { cost: 8 }),
	scalar("trim_scale", ["numeric"], "numeric", "The value without zeros at the end of its fraction.", { cost: 8 }),
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
