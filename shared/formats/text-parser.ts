/** What the parsers of text formats share: a position in the window, the line, the errors of a malformed body, and the wish for more bytes. */
import { LittoralError } from "#shared/base/errors.ts";
import { VALUE_BYTES_MAX } from "#shared/base/limits.ts";
import type { ByteWindow } from "./byte-window.ts";
import type { RowWriter } from "./row-writer.ts";
import { decodeUtf8, isUtf8 } from "./utf8.ts";

/** Thrown inside a parser where the window ends within a row; never leaves {@link TextParser.run}. */
const NEEDS_MORE = new Error("the row goes on in bytes that have not arrived");

export abstract class TextParser {
	protected readonly window: ByteWindow;
	protected readonly writer: RowWriter;
	/** The window's bytes and end while {@link run} runs. */
	protected bytes: Uint8Array = new Uint8Array(0);
	protected end = 0;
	protected at = 0;
	protected line = 1;
	/** Bytes of the body before the window's first. */
	#bytesBefore = 0;
	/** Offset in the body at which the line began. */
	#lineStart = 0;

	constructor(window: ByteWindow, writer: RowWriter) {
		this.window = window;
		this.writer = writer;
	}

	/** Reads one row, or what stands between rows. @returns false at the body's end */
	protected abstract step(): boolean;

	/**
	 * Reads rows until the batch is full, the body ends, or the window has no whole row left.
	 * @throws malformed_body, body_too_large
	 */
	run(): "full" | "more" | "end" {
		const { window, writer } = this;
		this.bytes = window.bytes;
		this.end = window.end;
		this.at = window.start;
		let line = this.line;
		let lineStart = this.#lineStart;
		try {
			for (;;) {
				if (writer.isFull) return "full";
				line = this.line;
				lineStart = this.#lineStart;
				const goesOn = this.step();
				this.#bytesBefore += this.at - window.start;
				window.start = this.at;
				if (!goesOn) return "end";
			}
		} catch (error) {
			if (error !== NEEDS_MORE) throw error;
			writer.restartRow();
			this.line = line;
			this.#lineStart = lineStart;
			return "more";
		}
	}

	/** The window ends here: more bytes are needed, or the body is cut short. */
	protected more(what: string): never {
		if (!this.window.final) throw NEEDS_MORE;
		return this.malformed(`the body ends within ${what}`);
	}

	/** @throws malformed_body, with line and column of `at` */
	protected malformed(message: string, at = this.at): never {
		const offset = this.#bytesBefore + (at - this.window.start);
		const column = Math.max(1, offset - this.#lineStart + 1);
		throw new LittoralError("malformed_body", `line ${this.line}, column ${column}: ${message}`, { line: this.line });
	}

	/** Called with the position behind a line feed. */
	protected newLine(at: number): void {
		this.line++;
		this.#lineStart = this.#bytesBefore + (at - this.window.start);
	}

	/** @throws body_too_large above VALUE_BYTES_MAX */
	protected checkValueSize(byteCount: number): void {
		if (byteCount > VALUE_BYTES_MAX) {
			throw new LittoralError("body_too_large", `line ${this.line}: a value takes more than ${VALUE_BYTES_MAX} bytes`, { line: this.line });
		}
	}

	/** @throws malformed_body unless the bytes are UTF-8 */
	protected checkUtf8(start: number, end: number): void {
		if (!isUtf8(this.bytes, start, end)) this.malformed("invalid UTF-8", start);
	}

	protected text(start: number, end: number): string {
		return decodeUtf8(this.bytes, start, end);
	}
}
