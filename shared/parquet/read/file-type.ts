/** What a Parquet column holds, from its physical type and its logical or converted annotation. */
import { Converted, PhysicalKind } from "../format.ts";

export type TimeUnit = "millis" | "micros" | "nanos";

/** `interval`: the standard's 12 bytes (milliseconds) or our 16 (microseconds). `unsupported` columns are refused only when asked for. */
export type FileType =
	| { kind: "boolean" }
	| { kind: "integer"; bitWidth: 8 | 16 | 32 | 64; signed: boolean }
	| { kind: "date" }
	| { kind: "time"; unit: TimeUnit }
	| { kind: "timestamp"; unit: TimeUnit; utc: boolean }
	| { kind: "int96" }
	| { kind: "decimal"; precision: number; scale: number }
	| { kind: "float" }
	| { kind: "double" }
	| { kind: "text" }
	| { kind: "json" }
	| { kind: "binary" }
	| { kind: "uuid" }
	| { kind: "interval"; byteCount: 12 | 16 }
	| { kind: "unsupported"; name: string };

/** A schema element's annotation: the logical type where the file has one. */
export type Annotation =
	| { kind: "none" }
	| { kind: "string" | "enum" | "json" | "uuid" | "float16" | "date" | "interval" | "list" }
	| { kind: "decimal"; precision: number; scale: number }
	| { kind: "time"; unit: TimeUnit }
	| { kind: "timestamp"; unit: TimeUnit; utc: boolean }
	| { kind: "integer"; bitWidth: number; signed: boolean }
	| { kind: "other"; name: string };

/** The annotation that a converted type of older writers stands for. */
export function annotationOfConverted(converted: number, decimal: { precision: number; scale: number }): Annotation {
	switch (converted) {
		case Converted.utf8:
			return { kind: "string" };
		case Converted.enum:
			return { kind: "enum" };
		case Converted.decimal:
			return { kind: "decimal", ...decimal };
		case Converted.date:
			return { kind: "date" };
		case Converted.timeMillis:
			return { kind: "time", unit: "millis" };
		case Converted.timeMicros:
			return { kind: "time", unit: "micros" };
		case Converted.timestampMillis:
			return { kind: "timestamp", unit: "millis", utc: true };
		case Converted.timestampMicros:
			return { kind: "timestamp", unit: "micros", utc: true };
		case Converted.json:
			return { kind: "json" };
		case Converted.interval:
			return { kind: "interval" };
		case Converted.bson:
			return { kind: "other", name: "BSON" };
		default:
			break;
	}
	if (converted >= Converted.uint8 && converted <= Converted.uint64) {
		return { kind: "integer", bitWidth: 8 << (converted - Converted.uint8), signed: false };
	}
	if (converted >= Converted.int8 && converted <= Converted.int64) {
		return { kind: "integer", bitWidth: 8 << (converted - Converted.int8), signed: true };
	}
	return { kind: "other", name: `converted type ${converted}` };
}

/** The type of a leaf; an annotation that does not fit its physical type is `unsupported`. */
export function fileType(physical: number, typeLength: number, annotation: Annotation): FileType {
	const refused: FileType = { kind: "unsupported", name: annotation.kind === "other" ? annotation.name : annotation.kind };
	if (annotation.kind === "other") return refused;
	if (annotation.kind === "decimal") {
		const { precision, scale } = annotation;
		const fits =
			precision >= 1 &&
			precision <= 38 &&
			scale >= 0 &&
			scale <= precision &&
			(physical === PhysicalKind.int32 ||
				physical === PhysicalKind.int64 ||
				physical === PhysicalKind.byteArray ||
				physical === PhysicalKind.fixed);
		return fits ? { kind: "decimal", precision, scale } : { kind: "unsupported", name: `decimal(${precision},${scale})` };
	}
	switch (physical) {
		case PhysicalKind.boolean:
			return annotation.kind === "none" ? { kind: "boolean" } : refused;
		case PhysicalKind.int32:
			if (annotation.kind === "none") return { kind: "integer", bitWidth: 32, signed: true };
			if (annotation.kind === "integer" && (annotation.bitWidth === 8 || annotation.bitWidth === 16 || annotation.bitWidth === 32)) {
				return { kind: "integer", bitWidth: annotation.bitWidth, signed: annotation.signed };
			}
			if (annotation.kind === "date") return { kind: "date" };
			return annotation.kind === "time" && annotation.unit === "millis" ? { kind: "time", unit: "millis" } : refused;
		case PhysicalKind.int64:
			if (annotation.kind === "none") return { kind: "integer", bitWidth: 64, signed: true };
			if (annotation.kind === "integer" && annotation.bitWidth === 64) return { kind: "integer", bitWidth: 64, signed: annotation.signed };
			if (annotation.kind === "time" && annotation.unit !== "millis") return { kind: "time", unit: annotation.unit };
			return annotation.kind === "timestamp" ? { kind: "timestamp", unit: annotation.unit, utc: annotation.utc } : refused;
		case PhysicalKind.int96:
			return annotation.kind === "none" ? { kind: "int96" } : refused;
		case PhysicalKind.float:
			return annotation.kind === "none" ? { kind: "float" } : refused;
		case PhysicalKind.double:
			return annotation.kind === "none" ? { kind: "double" } : refused;
		case PhysicalKind.byteArray:
			if (annotation.kind === "none") return { kind: "binary" };
			if (annotation.kind === "string" || annotation.kind === "enum") return { kind: "text" };
			return annotation.kind === "json" ? { kind: "json" } : refused;
		case PhysicalKind.fixed:
			if (annotation.kind === "none") return { kind: "binary" };
			if (annotation.kind === "uuid" && typeLength === 16) return { kind: "uuid" };
			return annotation.kind === "interval" && typeLength === 12 ? { kind: "interval", byteCount: 12 } : refused;
		default:
			return { kind: "unsupported", name: `physical type ${physical}` };
	}
}

/** As error messages name it. */
export function fileTypeName(type: FileType): string {
	switch (type.kind) {
		case "integer":
			return `${type.signed ? "" : "u"}int${type.bitWidth}`;
		case "time":
			return `time(${type.unit})`;
		case "timestamp":
			return `timestamp(${type.unit}${type.utc ? ", UTC" : ""})`;
		case "decimal":
			return `decimal(${type.precision},${type.scale})`;
		case "unsupported":
			return type.name;
		default:
			return type.kind;
	}
}
