/** UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Of bytes known to be valid. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
	// Short ASCII is most of what is decoded; a decoder call costs more than this loop.
	if (end - start <= 24) {
		let text = "";
		for (let at = start; at < end; at++) {
			const byte = bytes[at] as number;
			if (byte >= 0x80) return decoder.decode(bytes.subarray(start, end));
			text += String.fromCharCode(byte);
		}
		return text;
	}
	return decoder.decode(bytes.subarray(start, end));
}

/** Whether bytes[start, end) are valid UTF-8. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
	let at = start;
	while (at < end) {
		const lead = bytes[at] as number;
		if (lead < 0x80) {
			at++;
			continue;
		}
		let low = 0x80;
		let high = 0xbf;
		let following: number;
		if (lead >= 0xc2 && lead <= 0xdf) following = 1;
		else if (lead >= 0xe0 && lead <= 0xef) {
			following = 2;
			if (lead === 0xe0) low = 0xa0;
			else if (lead === 0xed) high = 0x9f;
		} else if (lead >= 0xf0 && lead <= 0xf4) {
			following = 3;
			if (lead === 0xf0) low = 0x90;
			else if (lead === 0xf4) high = 0x8f;
		} else return false;
		if (at + following >= end) return false;
		const second = bytes[at + 1] as number;
		if (second < low || second > high) return false;
		for (let index = 2; index <= following; index++) {
			if (((bytes[at + index] as number) & 0xc0) !== 0x80) return false;
		}
		at += following + 1;
	}
	return true;
}
