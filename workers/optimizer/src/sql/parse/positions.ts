/** From the parser's UTF-8 byte offsets to PostgreSQL's error positions: 1-based, in code points. */

/** Source text of one statement; the byte form is made once, at the first error. */
export class SourceText {
	readonly sql: string;
	private readonly hasPositions: boolean;
	private bytes: Uint8Array | null = null;

	/** @param options.positions false for text that the statement's author does not see: a view's */
	constructor(sql: string, options: { positions: boolean } = { positions: true }) {
		this.sql = sql;
		this.hasPositions = options.positions;
	}

	/** @returns the 1-based code point at byte offset `location`; undefined where the parser gave none (-1) */
	position(location: number | undefined): number | undefined {
		const offset = location ?? 0;
		if (offset < 0 || !this.hasPositions) return undefined;
		this.bytes ??= new TextEncoder().encode(this.sql);
		const end = Math.min(offset, this.bytes.length);
		let position = 1;
		// Every byte but a continuation byte (10xxxxxx) begins a code point.
		for (let index = 0; index < end; index++) if (((this.bytes[index] as number) & 0xc0) !== 0x80) position++;
		return position;
	}

	/** Index into {@link sql} of byte offset `location`. */
	indexOf(location: number): number {
		this.bytes ??= new TextEncoder().encode(this.sql);
		return new TextDecoder().decode(this.bytes.subarray(0, location)).length;
	}
}
