/**
 * Which casts there are, and where PostgreSQL applies them on its own: `implicit` anywhere, `assignment` only when a value is stored in a column,
 * `explicit` only where CAST or :: asks. Source: PostgreSQL's pg_cast, and its rule that every type casts to text on assignment and from text explicitly.
 */
import type { DataType, DataTypeKind } from "../data-type.ts";

export type CastContext = "implicit" | "assignment" | "explicit";

const I = "implicit";
const A = "assignment";
const E = "explicit";

const CASTS: Partial<Record<DataTypeKind, Partial<Record<DataTypeKind, CastContext>>>> = {
	boolean: { integer: E },
	smallint: { integer: I, bigint: I, real: I, double: I, numeric: I, bytea: E },
	integer: { smallint: A, bigint: I, real: I, double: I, numeric: I, boolean: E, bytea: E },
	bigint: { smallint: A, integer: A, real: I, double: I, numeric: I, bytea: E },
	real: { smallint: A, integer: A, bigint: A, double: I, numeric: A },
	double: { smallint: A, integer: A, bigint: A, real: A, numeric: A },
	numeric: { smallint: A, integer: A, bigint: A, real: I, double: I },
	date: { timestamp: I, timestamptz: I },
	time: { interval: I },
	timestamp: { date: A, time: A, timestamptz: I },
	timestamptz: { date: A, time: A, timestamp: A },
	interval: { time: A },
	bytea: { smallint: E, integer: E, bigint: E },
	jsonb: { boolean: E, smallint: E, integer: E, bigint: E, real: E, double: E, numeric: E },
};

const STRING_KINDS: readonly DataTypeKind[] = ["text", "varchar", "char"];
const isString = (type: DataType): boolean => STRING_KINDS.includes(type.kind);

/**
 * The least context in which `from` casts to `to`; null where there is no cast (42846). Types of one kind that differ in length, precision or scale
 * cast implicitly: it is the cast that cuts, pads, rounds or raises.
 */
export function castContext(from: DataType, to: DataType): CastContext | null {
	if (from.kind === "array" || to.kind === "array") {
		if (from.kind === "array" && to.kind === "array") return castContext(from.element, to.element);
		return isString(to) ? A : isString(from) ? E : null;
	}
	if (from.kind === to.kind) return I;
	if (isString(from) && isString(to)) return I;
	const listed = CASTS[from.kind]?.[to.kind];
	if (listed !== undefined) return listed;
	if (isString(to)) return A;
	if (isString(from)) return E;
	return null;
}
