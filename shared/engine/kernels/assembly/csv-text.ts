// Rows of CSV in their plain form, and the texts of one column as its values.
// A table of fields holds two u32 a field, row by row: where its text begins and ends, quotes left out; a beginning of 0 is NULL. Texts have 16 readable bytes behind them.
// A kernel over a column's texts goes on as long as they have the common form, and says where it stopped: what stands there is read by value.
import { daysFromCivil, daysInMonth } from "./dates";
import { isUtf8 } from "./parquet-plain";

// @ts-ignore: decorator
@inline
const QUOTE: u32 = 34;
// @ts-ignore: decorator
@inline
const COMMA: u32 = 44;
// @ts-ignore: decorator
@inline
const LINE_FEED: u32 = 10;
// @ts-ignore: decorator
@inline
const CARRIAGE_RETURN: u32 = 13;

/** Bits of the bytes that end a field without quotes, or that one may not hold: a comma, a line end, a quote, a zero byte. */
// @ts-ignore: decorator
@inline
function endsOfField(at: usize): u32 {
	const bytes = v128.load(at);
	const separators = v128.or(i8x16.eq(bytes, i8x16.splat(44)), i8x16.eq(bytes, i8x16.splat(10)));
	const others = v128.or(i8x16.eq(bytes, i8x16.splat(13)), v128.or(i8x16.eq(bytes, i8x16.splat(34)), i8x16.eq(bytes, i8x16.splat(0))));
	return i8x16.bitmask(v128.or(separators, others));
}

/** As {@link endsOfField}, behind an opening quote: a quote, a line feed, a zero byte. */
// @ts-ignore: decorator
@inline
function endsOfQuoted(at: usize): u32 {
	const bytes = v128.load(at);
	return i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(34)), v128.or(i8x16.eq(bytes, i8x16.splat(10)), i8x16.eq(bytes, i8x16.splat(0)))));
}

// @ts-ignore: decorator
@inline
function isAscii(start: usize, end: usize): bool {
	for (let at = start; at < end; at += 16) {
		const bits: u32 = i8x16.bitmask(v128.load(at));
		const rest = end - at;
		if ((rest >= 16 ? bits : bits & ((1 << <u32>rest) - 1)) != 0) return false;
	}
	return true;
}

/**
 * Whole rows of `fieldCount` fields from `input` on, each ended by a line feed before `end`, where 16 zero bytes stand. Stops before a row in which a quote or a line feed
 * stands inside of quotes, that has another number of fields, or that is malformed.
 * @param fields room for a field a byte, and one more
 * @param cursor u32: where the rows end
 * @returns rows, at most `rowMax`
 */
export function csv_rows(input: usize, end: usize, fieldCount: i32, rowMax: i32, fields: usize, cursor: usize): i32 {
	let rowCount: i32 = 0;
	let rowStart: usize = input;
	let at: usize = input;
	let field: i32 = 0;
	while (rowCount < rowMax && at < end) {
		let start: usize = at;
		let stop: usize;
		if (load<u8>(at) == QUOTE) {
			stop = ++start;
			let ends = endsOfQuoted(stop);
			for (; ends == 0; ends = endsOfQuoted(stop)) stop += 16;
			stop += <usize>ctz(ends);
			if (load<u8>(stop) != QUOTE) break;
			at = stop + 1;
		} else {
			stop = at;
			let ends = endsOfField(stop);
			for (; ends == 0; ends = endsOfField(stop)) stop += 16;
			stop += <usize>ctz(ends);
			at = stop;
		}
		// Of a field cut off by the end as well: it is not taken then.
		if (!isAscii(start, stop) && !isUtf8(start, stop)) break;
		let ending: u32 = load<u8>(at);
		store<u32>(fields, start == at ? 0 : <u32>start);
		store<u32>(fields, <u32>stop, 4);
		fields += 8;
		field++;
		if (ending == COMMA) {
			if (field == fieldCount) break;
			at++;
			continue;
		}
		if (ending == CARRIAGE_RETURN) ending = load<u8>(++at);
		if (ending != LINE_FEED || field != fieldCount) break;
		at++;
		field = 0;
		rowCount++;
		rowStart = at;
	}
	store<u32>(cursor, <u32>rowStart);
	return rowCount;
}

// @ts-ignore: decorator
@inline
const NOT_PLAIN: i64 = i64.MIN_VALUE;
/** Whose number fits 64 bits, whatever they are. */
// @ts-ignore: decorator
@inline
const DIGIT_COUNT_MAX: i32 = 18;

/** `[+-]?` and digits, of which up to `scale` stand behind a point; without one where `scale` is -1. @returns the coefficient at `scale` */
function decimal(start: usize, end: usize, scale: i32): i64 {
	const sign: u32 = load<u8>(start);
	let at: usize = sign == 45 || sign == 43 ? start + 1 : start;
	let value: i64 = 0;
	let digitCount: i32 = 0;
	let fraction: i32 = -1;
	for (; at < end; at++) {
		const digit: u32 = <u32>load<u8>(at) - 48;
		if (digit <= 9) {
			value = value * 10 + <i64>digit;
			digitCount++;
			if (fraction >= 0) fraction++;
		} else if (digit == <u32>-2 && fraction < 0 && scale >= 0) fraction = 0;
		else return NOT_PLAIN;
	}
	let missing: i32 = max(scale, 0) - max(fraction, 0);
	if (digitCount == 0 || missing < 0 || digitCount + missing > DIGIT_COUNT_MAX) return NOT_PLAIN;
	for (; missing > 0; missing--) value *= 10;
	return sign == 45 ? -value : value;
}

function numbers<T>(from: i32, count: i32, fields: usize, stride: usize, scale: i32, limit: i64, out: usize): i32 {
	for (let index: i32 = from; index < count; index++) {
		const field = fields + <usize>index * stride;
		const start: usize = load<u32>(field);
		if (start == 0) return index;
		const value = decimal(start, load<u32>(field, 4), scale);
		if (value > limit || value < -limit) return index;
		store<T>(out + <usize>index * sizeof<T>(), <T>value);
	}
	return count;
}

/**
 * Texts [from, count) of one column as i32 lanes.
 * @param fields the first row's field @param stride bytes to the next row's
 * @param scale -1: whole numbers without a point @param limit greatest magnitude
 * @returns the first that is NULL or has no common form, or `count`
 */
export function text_to_i32(from: i32, count: i32, fields: usize, stride: usize, scale: i32, limit: i64, out: usize): i32 {
	return numbers<i32>(from, count, fields, stride, scale, limit, out);
}

/** As {@link text_to_i32}, i64 lanes. */
export function text_to_i64(from: i32, count: i32, fields: usize, stride: usize, scale: i32, limit: i64, out: usize): i32 {
	return numbers<i64>(from, count, fields, stride, scale, limit, out);
}

/** Two digits, or a number above 99. */
// @ts-ignore: decorator
@inline
function twoDigits(at: usize): u32 {
	const tens: u32 = <u32>load<u8>(at) - 48;
	const ones: u32 = <u32>load<u8>(at, 1) - 48;
	return tens > 9 || ones > 9 ? 0x10000 : tens * 10 + ones;
}

/** As {@link text_to_i32}: `YYYY-MM-DD` or `YYYY/MM/DD` of the years 1 to 9999 as days since 1970-01-01. */
export function text_to_date(from: i32, count: i32, fields: usize, stride: usize, out: usize): i32 {
	for (let index: i32 = from; index < count; index++) {
		const field = fields + <usize>index * stride;
		const start: usize = load<u32>(field);
		if (start == 0 || <usize>load<u32>(field, 4) - start != 10) return index;
		const separator: u32 = load<u8>(start, 4);
		if ((separator != 45 && separator != 47) || load<u8>(start, 7) != separator) return index;
		const high = twoDigits(start);
		const low = twoDigits(start + 2);
		const month = twoDigits(start + 5);
		const day = twoDigits(start + 8);
		if (high > 99 || low > 99 || high + low == 0 || month == 0 || month > 12 || day == 0) return index;
		const year: i64 = <i64>(high * 100 + low);
		if (<i64>day > daysInMonth(year, <i64>month)) return index;
		store<i32>(out + (<usize>index << 2), <i32>daysFromCivil(year, <i64>month, <i64>day));
	}
	return count;
}

/**
 * Texts [from, count) of one column one behind the other, at offsets[from] of `values` and so on.
 * @param limit most bytes of a text
 * @param offsets i32[count + 1], right up to `from` @param values with 16 writable bytes behind the last
 * @returns as {@link text_to_i32}
 */
export function text_copy(from: i32, count: i32, fields: usize, stride: usize, limit: u32, offsets: usize, values: usize): i32 {
	let end: i32 = load<i32>(offsets + (<usize>from << 2));
	for (let index: i32 = from; index < count; index++) {
		const field = fields + <usize>index * stride;
		const start: usize = load<u32>(field);
		if (start == 0) return index;
		const byteCount: u32 = load<u32>(field, 4) - <u32>start;
		if (byteCount > limit) return index;
		const to = values + <usize>end;
		for (let at: usize = 0; at < <usize>byteCount; at += 16) v128.store(to + at, v128.load(start + at));
		end += <i32>byteCount;
		store<i32>(offsets + (<usize>(index + 1) << 2), end);
	}
	return count;
}
