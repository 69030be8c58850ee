/** Twins of the kernels that read CSV: what RFC 4180 and PostgreSQL's text forms say of plain rows and of common values. For tests only. */

/** A field's text in the input, or null: NULL. */
export type FoundField = { start: number; end: number } | null;

/** @returns whole plain rows of `fieldCount` fields from the input's beginning, and where they end */
export function csvRows(input: Uint8Array, fieldCount: number, rowMax: number): { rows: FoundField[][]; end: number } {
	const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
	// One character a byte: what stands in fields is looked at apart.
	const text = Array.from(input, (byte) => String.fromCharCode(byte)).join("");
	const field = /(?:"([^"\n\0]*)"|([^",\r\n\0]*))(,|\r?\n)/y;
	const rows: FoundField[][] = [];
	let end = 0;
	while (rows.length < rowMax) {
		const row: FoundField[] = [];
		field.lastIndex = end;
		for (let separator = ","; separator === ","; ) {
			const from = field.lastIndex;
			const match = field.exec(text);
			if (match === null) return { rows, end };
			const [, quoted, bare, found] = match;
			const start = quoted === undefined ? from : from + 1;
			const stop = start + (quoted ?? bare ?? "").length;
			try {
				decoder.decode(input.subarray(start, stop));
			} catch {
				return { rows, end };
			}
			row.push(quoted === undefined && bare === "" ? null : { start, end: stop });
			separator = found as string;
		}
		if (row.length !== fieldCount) return { rows, end };
		rows.push(row);
		end = field.lastIndex;
	}
	return { rows, end };
}

/** The coefficient at `scale` (-1: a whole number without a point) of a text of at most 18 digits then; null where it has another form or is larger than `limit`. */
export function plainNumber(text: string, scale: number, limit: bigint): bigint | null {
	const match = /^([+-]?)(\d*)(?:(\.)(\d*))?$/.exec(text);
	if (match === null) return null;
	const [, sign, whole = "", point, fraction = ""] = match;
	const missing = Math.max(scale, 0) - fraction.length;
	if ((point !== undefined && scale < 0) || whole.length + fraction.length === 0 || missing < 0) return null;
	const digits = whole + fraction + "0".repeat(missing);
	if (digits.length > 18) return null;
	const value = BigInt(digits) * (sign === "-" ? -1n : 1n);
	return value > limit || value < -limit ? null : value;
}

/** Days since 1970-01-01; null where there is no such day, or the text has another form. */
export function plainDate(text: string): number | null {
	const match = /^(\d{4})([-/])(\d\d)\2(\d\d)$/.exec(text);
	if (match === null || match[1] === "0000") return null;
	const date = new Date(`${match[1]}-${match[3]}-${match[4]}T00:00:00Z`);
	return Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(match[4]) ? null : date.getTime() / 86_400_000;
}
