/**
 * From a file's type to the type asked for: widened exactly, or refused by the column's name. Into a narrower integer or decimal values are checked
 * one by one; those that do not fit are reported and read as zero.
 */
import type { DataType } from "#shared/contracts/data-type.ts";
import { typeName } from "#shared/contracts/data-type.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import { binaryConversion } from "./conversion-binary.ts";
import { numberConversion } from "./conversion-number.ts";
import { fileTypeName } from "./file-type.ts";
import type { ParquetColumn } from "./footer-schema.ts";
import { unsupported } from "./malformed.ts";
import type { RawValues } from "../raw-values.ts";

/** Why a value does not fit; `index` counts the values handed to the conversion. */
export interface ValueError {
	index: number;
	code: string;
	detail: string;
}

/** Dense values in the layout of the type asked for; `offsets` only for byte types. */
export interface Lanes {
	values: Pointer;
	offsets: Pointer;
}

/**
 * Converts `count` dense values; a value that does not fit becomes zero and is given to `report`.
 * Output is in `region` (or the input itself) and readable 16 bytes past its end.
 */
export type Conversion = (
	count: number,
	raw: Exclude<RawValues, { kind: "codes" }>,
	context: { engine: Engine; region: Region; report: (error: ValueError) => void },
) => Lanes;

/**
 * @param checked true for files from outside, whose values may break their own type's rules (UTF-8, ranges); our own files are not checked again
 * @throws feature_not_supported naming the column
 */
export function conversionFor(column: ParquetColumn, type: DataType, checked: boolean): Conversion {
	// Lists are read as arrays, element by element, and nothing else is.
	const leaf = type.kind === "array" ? type.element : type;
	const fits = column.type.kind !== "unsupported" && (type.kind === "array") === (column.list !== null);
	const conversion = fits ? (numberConversion(column, leaf, checked) ?? binaryConversion(column, leaf, checked)) : null;
	if (conversion !== null) return conversion;
	const held = `${column.list === null ? "" : "a list of "}${fileTypeName(column.type)}`;
	throw unsupported(`column "${column.name}" holds ${held}, which cannot be read as ${typeName(type)} without loss`);
}
