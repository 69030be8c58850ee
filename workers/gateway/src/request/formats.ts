/** Media types of rows, in and out, and the negotiation of a result's format (RFC 9110, section 12.5.1). */
import { LittoralError } from "#shared/base/errors.ts";
import type { ResultFormat, RowsFormat } from "#shared/contracts/rpc.ts";
import { isUtf8, mediaType } from "./media-type.ts";

/** In the order of preference where a client has none. */
export const MEDIA_TYPES: Record<ResultFormat, string> = {
	json: "application/json",
	ndjson: "application/x-ndjson",
	csv: "text/csv",
	arrow: "application/vnd.apache.arrow.stream",
	parquet: "application/vnd.apache.parquet",
};
const FORMATS = Object.keys(MEDIA_TYPES) as ResultFormat[];
const SUPPORTED = FORMATS.map((format) => MEDIA_TYPES[format]).join(", ");

/** The `Content-Type` of a result. */
export function contentType(format: ResultFormat): string {
	return format === "csv" ? "text/csv; charset=utf-8" : MEDIA_TYPES[format];
}

/**
 * The format of an appended body.
 * @throws unsupported_media_type for another type, a charset that is not UTF-8, and CSV that says it has no header
 */
export function rowsFormat(header: string | null): RowsFormat {
	const type = mediaType(header);
	const format = FORMATS.find((known) => MEDIA_TYPES[known] === type?.essence);
	if (type === null || format === undefined) {
		throw new LittoralError("unsupported_media_type", `rows come as ${SUPPORTED}`);
	}
	if (!isUtf8(type)) throw new LittoralError("unsupported_media_type", "text comes in UTF-8");
	if (format === "csv" && type.parameters.get("header")?.toLowerCase() === "absent") {
		throw new LittoralError("unsupported_media_type", "CSV needs its header line");
	}
	return format;
}

/** True for gzip, false for plain. @throws unsupported_encoding for any other */
export function isGzip(header: string | null): boolean {
	const encoding = header?.trim().toLowerCase();
	if (encoding === undefined || encoding === "" || encoding === "identity") return false;
	if (encoding === "gzip" || encoding === "x-gzip") return true;
	throw new LittoralError("unsupported_encoding", "Content-Encoding is gzip or absent");
}

interface Range {
	pattern: string;
	/** 0 to 1. */
	quality: number;
	/** 2 exact, 1 `type/*`, 0 the full wildcard. */
	specificity: 0 | 1 | 2;
	/** Place in the header. */
	index: number;
}

const QUALITY = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;
const WILDCARD_ALL = "*/*";

function ranges(header: string): Range[] {
	return header.split(",").flatMap((text, index): Range[] => {
		const type = mediaType(text);
		const weight = type?.parameters.get("q") ?? "1";
		// A range that is malformed matches nothing; the others still count.
		if (type === null || !QUALITY.test(weight)) return [];
		const specificity = type.essence === WILDCARD_ALL ? 0 : type.essence.endsWith("/*") ? 1 : 2;
		return [{ pattern: type.essence, quality: Number(weight), specificity, index }];
	});
}

function covers(range: Range, type: string): boolean {
	return range.specificity === 0 || (range.specificity === 1 ? type.startsWith(range.pattern.slice(0, -1)) : type === range.pattern);
}

/** A format and the range that decides on it: the most specific one that covers it, whatever its weight. */
function decide(format: ResultFormat, accepted: Range[]): { format: ResultFormat; range: Range } | null {
	const covering = accepted.filter((range) => covers(range, MEDIA_TYPES[format]));
	const range = covering.toSorted((left, right) => right.specificity - left.specificity || left.index - right.index)[0];
	return range === undefined || range.quality === 0 ? null : { format, range };
}

/**
 * The format that an `Accept` header asks for: highest weight, then the more specific range, then the one named first, then our own order.
 * @throws not_acceptable where it names none that we have
 */
export function resultFormat(header: string | null | undefined): ResultFormat {
	if (header === null || header === undefined || header.trim() === "") return "json";
	const accepted = ranges(header);
	const decided = FORMATS.map((format) => decide(format, accepted)).filter((decision) => decision !== null);
	const best = decided.toSorted(
		(left, right) =>
			right.range.quality - left.range.quality || right.range.specificity - left.range.specificity || left.range.index - right.range.index,
	)[0];
	if (best === undefined) throw new LittoralError("not_acceptable", `results come as ${SUPPORTED}`);
	return best.format;
}
