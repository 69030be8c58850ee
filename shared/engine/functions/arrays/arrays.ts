/** Functions that make arrays of arrays, or look for values in them. Values are equal as `=` says, and NULL is found as NULL. */
import { LittoralError } from "#shared/base/errors.ts";
import { VALUE_BYTES_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { comparatorOf, equalityKeyOf } from "#shared/contracts/values/compare.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { elementType } from "../../vector/arrays.ts";
import type { Bind, Binding } from "../kernel.ts";
import { perValue, perValueBound, perValueNullable } from "../per-value.ts";
import { splitText } from "../strings/split.ts";

type Elements = SqlValue[];

/** A function that takes NULLs. */
const nullable = (compute: (...values: SqlValue[]) => SqlValue): Bind => perValueNullable(() => (values) => compute(...values));

const join = nullable((left, right) => (left === null ? right : right === null ? left : [...(left as Elements), ...(right as Elements)]));
const append = nullable((array, value) => [...((array as Elements | null) ?? []), value as SqlValue]);
const prepend = nullable((value, array) => [value as SqlValue, ...((array as Elements | null) ?? [])]);

/** A function of an array and a value in it, which may be NULL; NULL for no array. */
function searching(compute: (array: Elements, matches: (element: SqlValue) => boolean, rest: SqlValue[]) => SqlValue): Bind {
	return perValueNullable(({ argumentTypes }) => {
		const keyOf = equalityKeyOf(elementType(argumentTypes[0] as DataType));
		return ([array, wanted, ...rest]) => {
			if (array === null) return null;
			const key = wanted === null ? null : keyOf(wanted as SqlValue);
			const matches = (element: SqlValue): boolean => (element === null ? key === null : key !== null && Object.is(keyOf(element), key));
			return compute(array as Elements, matches, rest);
		};
	});
}

const position = searching((array, matches, rest) => {
	const [start] = rest;
	if (start === null) throw new LittoralError("null_value_not_allowed", "initial position must not be null");
	const from = start === undefined ? 0 : Math.max(0, (start as number) - 1);
	for (let index = from; index < array.length; index++) if (matches(array[index] as SqlValue)) return index + 1;
	return null;
});

/** The keys of an array's elements; NULLs are left out. */
function keySet(binding: Binding): (array: SqlValue) => Set<unknown> {
	const keyOf = equalityKeyOf(elementType(binding.argumentTypes[0] as DataType));
	return (array) => new Set((array as Elements).filter((element) => element !== null).map(keyOf));
}

/** Is every element of `part` in `whole`? A NULL is in nothing. */
function isPart(keys: (array: SqlValue) => Set<unknown>, part: Elements, whole: Elements): boolean {
	if (part.includes(null)) return false;
	const inside = keys(whole);
	return [...keys(part)].every((key) => inside.has(key));
}

const contains: Bind = perValueBound((binding) => {
	const keys = keySet(binding);
	return ([whole, part]) => isPart(keys, part as Elements, whole as Elements);
});
const contained: Bind = perValueBound((binding) => {
	const keys = keySet(binding);
	return ([part, whole]) => isPart(keys, part as Elements, whole as Elements);
});
const overlaps: Bind = perValueBound((binding) => {
	const keys = keySet(binding);
	return ([left, right]) => {
		const inside = keys(left as SqlValue);
		return [...keys(right as SqlValue)].some((key) => inside.has(key));
	};
});

const sort: Bind = perValueBound(({ argumentTypes }) => {
	const compare = comparatorOf(elementType(argumentTypes[0] as DataType));
	return ([array, descending = false, nullsFirst = descending]) => {
		const sign = descending === true ? -1 : 1;
		const values = (array as Elements).filter((element) => element !== null).sort((left, right) => sign * compare(left, right));
		const nulls = (array as Elements).filter((element) => element === null);
		return nullsFirst === true ? [...nulls, ...values] : [...values, ...nulls];
	};
});

function fill(value: SqlValue, dimensions: SqlValue): SqlValue {
	if (dimensions === null) throw new LittoralError("null_value_not_allowed", "dimension array or low bound array cannot be null");
	const [count, ...more] = dimensions as (number | null)[];
	if ((dimensions as Elements).includes(null)) throw new LittoralError("null_value_not_allowed", "dimension values cannot be null");
	if (more.length > 0) throw new LittoralError("feature_not_supported", "arrays of more than one dimension are not supported");
	if (count !== undefined && ((count as number) < 0 || (count as number) > VALUE_BYTES_MAX)) {
		throw new LittoralError("program_limit_exceeded", `array size exceeds the maximum allowed (${VALUE_BYTES_MAX})`);
	}
	return Array.from({ length: count ?? 0 }, () => value);
}

function trim(array: Elements, count: number): Elements {
	if (count < 0 || count > array.length) {
		throw new LittoralError("array_subscript_error", `number of elements to trim must be between 0 and ${array.length}`);
	}
	return array.slice(0, array.length - count);
}

/** The text of each element as its output function gives it. */
const toText: Bind = perValueNullable(({ argumentTypes, statement }) => {
	const element = elementType(argumentTypes[0] as DataType);
	return ([array, delimiter, nullText = null]) => {
		if (array === null || delimiter === null) return null;
		const texts = (array as Elements).flatMap((value) => {
			if (value !== null) return [formatValue(element, value, { timeZone: statement.timeZone })];
			return nullText === null ? [] : [nullText as string];
		});
		const text = texts.join(delimiter as string);
		if (text.length > VALUE_BYTES_MAX) throw new LittoralError("program_limit_exceeded", "requested length too large");
		return text;
	};
});

const split = nullable((text, delimiter, nullText = null) =>
	text === null ? null : splitText(text as string, delimiter as string | null, nullText as string | null),
);

export const ARRAY_KERNELS: Record<string, Bind> = {
	"array(compatible...)": nullable((...values) => values),
	"concat_op(compatible_array,compatible_array)": join,
	"concat_op(compatible_array,compatible)": append,
	"concat_op(compatible,compatible_array)": prepend,
	"array_cat(compatible_array,compatible_array)": join,
	"array_append(compatible_array,compatible)": append,
	"array_prepend(compatible,compatible_array)": prepend,
	"array_remove(compatible_array,compatible)": searching((array, matches) => array.filter((element) => !matches(element))),
	"array_replace(compatible_array,compatible,compatible)": searching((array, matches, [to]) =>
		array.map((element) => (matches(element) ? (to as SqlValue) : element)),
	),
	"array_position(compatible_array,compatible)": position,
	"array_position(compatible_array,compatible,integer)": position,
	"array_positions(compatible_array,compatible)": searching((array, matches) =>
		array.flatMap((element, index) => (matches(element) ? [index + 1] : [])),
	),
	"trim_array(array,integer)": perValue(([array, count]) => trim(array as Elements, count as number)),
	"array_reverse(array)": perValue(([array]) => (array as Elements).toReversed()),
	"array_sort(array)": sort,
	"array_sort(array,boolean)": sort,
	"array_sort(array,boolean,boolean)": sort,
	"array_fill(element,integer[])": nullable((value, dimensions) => fill(value as SqlValue, dimensions as SqlValue)),
	"array_to_string(array,text)": toText,
	"array_to_string(array,text,text)": toText,
	"string_to_array(text,text)": split,
	"string_to_array(text,text,text)": split,
	"contains(array,array)": contains,
	"contained(array,array)": contained,
	"overlaps(array,array)": overlaps,
};
