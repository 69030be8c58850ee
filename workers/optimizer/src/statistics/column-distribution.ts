/** What the sketches of a column say of its values: fractions of those that are not NULL. */
import { encodeBound } from "#shared/contracts/bound.ts";
import { sameType, type DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { textOfKey, valueKey } from "#shared/sketches/column-place.ts";
import type { ColumnSketches } from "#shared/sketches/table-sketches.ts";
import { convertExactly } from "../logical/convert-constant.ts";
import { BYTES_VALUE_DEFAULT } from "./row-width.ts";

/** Bytes of a text whose key does not have all of it. */
const LONG_TEXT_BYTES = 64;

/** A column with so many distinct values a row has a new one in rows yet unseen, too. */
const UNIQUE_FRACTION = 0.9;

export class ColumnDistribution {
	/** Of the whole table, at least 1. */
	readonly distinctCount: number;
	private readonly type: DataType;
	private readonly sketches: ColumnSketches;
	private readonly frequent: ReadonlyMap<string, number>;
	/** Fraction of values that are not among the frequent ones, and how many distinct ones share it. */
	private readonly restFraction: number;
	private readonly restCount: number;

	constructor(type: DataType, sketches: ColumnSketches, rowCount: number) {
		const { distinct, frequent } = sketches;
		this.type = type;
		this.sketches = sketches;
		const seen = Math.min(distinct.estimate(), sketches.rowCount);
		const isUnique = seen >= sketches.rowCount * UNIQUE_FRACTION;
		this.distinctCount = Math.max(1, Math.min(rowCount, isUnique ? rowCount : seen));
		// What was taken off the counters was taken off a value that stood there all along: certainly one above the error.
		const { weight, errorMax } = frequent;
		const certain = frequent.entries().filter(({ count }) => count > errorMax);
		this.frequent = new Map(certain.map(({ key, count }) => [key, (count + errorMax) / weight]));
		this.restFraction = Math.max(0, 1 - certain.reduce((sum, { count }) => sum + count + errorMax, 0) / Math.max(weight, 1));
		this.restCount = Math.max(1, this.distinctCount - certain.length);
	}

	/** Where values were counted, the fraction that is `value`; null where they were not, or the value's type is too far from the column's. */
	equalTo(value: SqlValue, type: DataType): number | null {
		if (this.sketches.frequent.weight === 0 || value === null) return null;
		const own = sameType(type, this.type) || isText(type, this.type) ? value : convertExactly(value, type, this.type);
		const bytes = own === null ? null : encodeBound(this.type, own);
		if (bytes === null) return null;
		return this.frequent.get(valueKey(bytes)) ?? this.restFraction / this.restCount;
	}

	/** Of a column of texts: its frequent values as far as they are known whole, and what part of all each is. */
	*frequentTexts(): Generator<{ text: string; fraction: number }> {
		if (!isText(this.type, this.type)) return;
		for (const [key, fraction] of this.frequent) {
			const text = textOfKey(key);
			if (text !== null) yield { text, fraction };
		}
	}

	/** Bytes of a text, on average. */
	meanTextBytes(): number {
		let sum = this.restFraction * BYTES_VALUE_DEFAULT;
		for (const [key, fraction] of this.frequent) sum += fraction * (textOfKey(key) === null ? LONG_TEXT_BYTES : key.length);
		return sum;
	}

	/** The fraction below a place on the axis of `orderOf`, or not above it; null for a type without that axis. */
	below(place: number, inclusive: boolean): number | null {
		const { quantiles } = this.sketches;
		return quantiles.count === 0 ? null : quantiles.rank(place, inclusive);
	}

	/**
	 * The fraction of pairs of rows, one of each column, that are equal: frequent values among themselves, the rest as if each value of the side with fewer
	 * were among those of the other (PostgreSQL's eqjoinsel_inner). Null where one side's values were not counted.
	 */
	equalPairs(other: ColumnDistribution): number | null {
		if (!sameType(this.type, other.type) || this.sketches.frequent.weight === 0 || other.sketches.frequent.weight === 0) return null;
		let matched = 0;
		let [left, right] = [0, 0];
		for (const [key, fraction] of this.frequent) {
			const opposite = other.frequent.get(key);
			if (opposite === undefined) continue;
			matched += fraction * opposite;
			left += fraction;
			right += opposite;
		}
		const restPairs = (1 - left) * (1 - right);
		const restDistinct = Math.max(this.distinctCount - this.frequent.size, other.distinctCount - other.frequent.size, 1);
		return Math.min(1, matched + restPairs / Math.max(restDistinct, 1));
	}
}

function isText(left: DataType, right: DataType): boolean {
	const kinds = ["text", "varchar", "char"];
	return kinds.includes(left.kind) && kinds.includes(right.kind);
}
