/**
 * How a column of an encoded batch is described:
 *
 *   column   u32 field id, type, u8 encoding, u8 has validity (dictionary), u16 0, then by encoding
 *              plain       flat of the batch's rows
 *              constant    flat of one row
 *              dictionary  u32 entries, flat of the entries; sections first: codes i32[rows], validity
 *   type     u8 kind, u8 precision, length or element follows (u8 flags: 1 = has precision, 2 = has length), u8 scale, u32 length
 *   flat     u8 physical type, u8 has validity, u32 length (bytes: of all strings; list: rows of the elements), list: flat of the elements
 */
import { DataType, type PhysicalType, physicalType } from "#shared/contracts/data-type.ts";
import { damaged } from "./layout.ts";

/** Stored codes: appended to, never renumbered. */
const KINDS = [
	"boolean",
	"smallint",
	"integer",
	"bigint",
	"real",
	"double",
	"text",
	"bytea",
	"date",
	"time",
	"timestamp",
	"timestamptz",
	"interval",
	"uuid",
	"jsonb",
	"numeric",
	"varchar",
	"char",
	"array",
] as const;
/** `list` is how arrays were written at first: offsets and a vector of the elements. Nothing writes it any more. */
const PHYSICAL_TYPES = ["bool", "i32", "i64", "i128", "f32", "f64", "numeric", "interval", "bytes", "list"] as const;
export type StoredPhysicalType = (typeof PHYSICAL_TYPES)[number];

const HAS_PRECISION = 1;
const HAS_LENGTH = 2;

/** Appends little-endian numbers. */
export class DescriptorWriter {
	readonly bytes: number[] = [];

	u8(value: number): void {
		this.bytes.push(value);
	}

	u32(value: number): void {
		this.bytes.push(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
	}

	type(type: DataType): void {
		const precision = type.kind === "numeric" ? type.precision : undefined;
		const length = type.kind === "varchar" || type.kind === "char" ? type.length : undefined;
		this.u8(KINDS.indexOf(type.kind));
		this.u8((precision === undefined ? 0 : HAS_PRECISION) | (length === undefined ? 0 : HAS_LENGTH));
		this.u8(precision ?? 0);
		this.u8(type.kind === "numeric" ? (type.scale ?? 0) : 0);
		this.u32(length ?? 0);
		if (type.kind === "array") this.type(type.element);
	}

	physical(physical: PhysicalType): void {
		this.u8(PHYSICAL_TYPES.indexOf(physical));
	}
}

/** Reads what {@link DescriptorWriter} wrote, never past the end. */
export class DescriptorReader {
	readonly #view: DataView;
	offset: number;

	constructor(view: DataView, offset: number) {
		this.#view = view;
		this.offset = offset;
	}

	u8(): number {
		if (this.offset + 1 > this.#view.byteLength) throw damaged("cut short");
		return this.#view.getUint8(this.offset++);
	}

	u32(): number {
		if (this.offset + 4 > this.#view.byteLength) throw damaged("cut short");
		const value = this.#view.getUint32(this.offset, true);
		this.offset += 4;
		return value;
	}

	type(depth = 0): DataType {
		const kind = KINDS[this.u8()];
		const flags = this.u8();
		const precision = this.u8();
		const scale = this.u8();
		const length = this.u32();
		if (kind === undefined || depth > 1) throw damaged("unknown type");
		const parsed = DataType.safeParse(
			kind === "array"
				? { kind, element: this.type(depth + 1) }
				: { kind, ...(flags & HAS_PRECISION ? { precision, scale } : {}), ...(flags & HAS_LENGTH ? { length } : {}) },
		);
		if (!parsed.success) throw damaged("impossible type");
		return parsed.data;
	}

	/** A physical type that `type` may have: its own, or i32 where an i64 was narrowed. */
	physical(type: DataType): StoredPhysicalType {
		const physical = PHYSICAL_TYPES[this.u8()];
		const own = physicalType(type);
		if (physical !== own && !(physical === "i32" && own === "i64") && !(physical === "list" && type.kind === "array")) {
			throw damaged("impossible physical type");
		}
		return physical;
	}

	flag(): boolean {
		const value = this.u8();
		if (value > 1) throw damaged("impossible flag");
		return value === 1;
	}
}
