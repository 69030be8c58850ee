/** Bytes of a result on their way out: grows while a row is written, handed out in pieces. */

const encoder = new TextEncoder();

export class OutputBuffer {
	bytes = new Uint8Array(128 * 1024);
	length = 0;

	/** Room for `byteCount` more bytes; `bytes` may be another array afterwards. */
	reserve(byteCount: number): void {
		if (this.length + byteCount <= this.bytes.length) return;
		const grown = new Uint8Array(Math.max(this.length + byteCount, this.bytes.length * 2));
		grown.set(this.bytes.subarray(0, this.length));
		this.bytes = grown;
	}

	byte(byte: number): void {
		this.reserve(1);
		this.bytes[this.length++] = byte;
	}

	/** `text` of ASCII characters only. */
	ascii(text: string): void {
		const { length } = text;
		this.reserve(length);
		for (let index = 0; index < length; index++) this.bytes[this.length + index] = text.charCodeAt(index);
		this.length += length;
	}

	text(text: string): void {
		this.reserve(text.length * 3);
		this.length += encoder.encodeInto(text, this.bytes.subarray(this.length)).written;
	}

	copy(bytes: Uint8Array, start: number, end: number): void {
		this.reserve(end - start);
		if (end - start <= 24) for (let at = start; at < end; at++) this.bytes[this.length + at - start] = bytes[at] as number;
		else this.bytes.set(bytes.subarray(start, end), this.length);
		this.length += end - start;
	}

	/** What was written since the last call, as an array of its own. */
	take(): Uint8Array<ArrayBuffer> {
		const taken = this.bytes.slice(0, this.length);
		this.length = 0;
		return taken;
	}
}
