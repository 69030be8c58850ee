/**
 * Trigonometry in degrees, and the hyperbolic functions. In degrees the well-known values are exact (sind(30) is 0.5): each quadrant is computed from a function that
 * is scaled to be right there. Source: PostgreSQL's float.c.
 */
import { LittoralError } from "#shared/base/errors.ts";
import type { Bind } from "../kernel.ts";
import { perValue } from "../per-value.ts";
import { outOfRange } from "../errors.ts";

const RADIANS_PER_DEGREE = 0.017453292519943295;
const SIN_30 = Math.sin(30 * RADIANS_PER_DEGREE);
const ONE_MINUS_COS_60 = 1 - Math.cos(60 * RADIANS_PER_DEGREE);
const ASIN_HALF = Math.asin(0.5);
const ACOS_HALF = Math.acos(0.5);
const ATAN_ONE = Math.atan(1);

const sineTo30 = (degrees: number): number => Math.sin(degrees * RADIANS_PER_DEGREE) / SIN_30 / 2;
const cosineTo60 = (degrees: number): number => 1 - (1 - Math.cos(degrees * RADIANS_PER_DEGREE)) / ONE_MINUS_COS_60 / 2;
const sineTo90 = (degrees: number): number => (degrees <= 30 ? sineTo30(degrees) : cosineTo60(90 - degrees));
const cosineTo90 = (degrees: number): number => (degrees <= 60 ? cosineTo60(degrees) : sineTo30(90 - degrees));
const TAN_45 = sineTo90(45) / cosineTo90(45);
const COT_45 = cosineTo90(45) / sineTo90(45);

const invalid = (): LittoralError => new LittoralError("numeric_value_out_of_range", "input is out of range");

/** The angle in the first quadrant, and the signs of its sine and cosine there. */
function firstQuadrant(degrees: number): { angle: number; sine: 1 | -1; cosine: 1 | -1 } {
	if (!Number.isFinite(degrees)) throw invalid();
	let angle = degrees % 360;
	let sine: 1 | -1 = 1;
	let cosine: 1 | -1 = 1;
	if (angle < 0) {
		angle = -angle;
		sine = -1;
	}
	if (angle > 180) {
		angle = 360 - angle;
		sine = sine === 1 ? -1 : 1;
	}
	if (angle > 90) {
		angle = 180 - angle;
		cosine = -1;
	}
	return { angle, sine, cosine };
}

function sineOf(degrees: number): number {
	const { angle, sine } = firstQuadrant(degrees);
	return sine * sineTo90(angle);
}
function cosineOf(degrees: number): number {
	const { angle, cosine } = firstQuadrant(degrees);
	return cosine * cosineTo90(angle);
}
/** No quotient shows a negative zero. */
function tangentOf(degrees: number): number {
	const { angle, sine, cosine } = firstQuadrant(degrees);
	return sine * cosine * (sineTo90(angle) / cosineTo90(angle) / TAN_45) || 0;
}
function cotangentOf(degrees: number): number {
	const { angle, sine, cosine } = firstQuadrant(degrees);
	return sine * cosine * (cosineTo90(angle) / sineTo90(angle) / COT_45) || 0;
}

const arcSineTo1 = (value: number): number =>
	value <= 0.5 ? (Math.asin(value) / ASIN_HALF) * 30 : 90 - (Math.acos(value) / ACOS_HALF) * 60;
const arcCosineTo1 = (value: number): number =>
	value <= 0.5 ? 90 - (Math.asin(value) / ASIN_HALF) * 30 : (Math.acos(value) / ACOS_HALF) * 60;

function within(value: number, low: number, high: number): number {
	if (value < low || value > high) throw invalid();
	return value;
}
const arcSineOf = (value: number): number => (within(value, -1, 1) >= 0 ? arcSineTo1(value) : -arcSineTo1(-value));
const arcCosineOf = (value: number): number => (within(value, -1, 1) >= 0 ? arcCosineTo1(value) : 90 + arcSineTo1(-value));

/** Computes on numbers; NaN gives NaN. */
const ofNumber = (compute: (value: number) => number): Bind =>
	perValue(([value]) => (Number.isNaN(value) ? Number.NaN : compute(value as number)));

/** As {@link ofNumber}; a result that overflows raises unless it is the function's limit there. */
const bounded = (compute: (value: number) => number): Bind =>
	ofNumber((value) => {
		const result = compute(value);
		if (Number.isFinite(value) && !Number.isFinite(result)) throw outOfRange({ kind: "double" });
		return result;
	});

export const TRIGONOMETRY_KERNELS: Record<string, Bind> = {
	"sind(double)": ofNumber(sineOf),
	"cosd(double)": ofNumber(cosineOf),
	"tand(double)": ofNumber(tangentOf),
	"cotd(double)": ofNumber(cotangentOf),
	"asind(double)": ofNumber(arcSineOf),
	"acosd(double)": ofNumber(arcCosineOf),
	"atand(double)": ofNumber((value) => (Math.atan(value) / ATAN_ONE) * 45),
	"atan2d(double,double)": perValue(([y, x]) => (Math.atan2(y as number, x as number) / ATAN_ONE) * 45),
	"cot(double)": ofNumber((value) => {
		if (!Number.isFinite(value)) throw invalid();
		return 1 / Math.tan(value);
	}),
	// PostgreSQL lets sinh and cosh reach infinity.
	"sinh(double)": ofNumber(Math.sinh),
	"cosh(double)": ofNumber(Math.cosh),
	"tanh(double)": ofNumber(Math.tanh),
	"asinh(double)": bounded(Math.asinh),
	"acosh(double)": ofNumber((value) => Math.acosh(within(value, 1, Number.POSITIVE_INFINITY))),
	"atanh(double)": ofNumber((value) => Math.atanh(within(value, -1, 1))),
};
