/** Text in the order of its UTF-8 bytes. */

/** UTF-8's order is that of code points: units of surrogate pairs come behind all others. */
export function compareText(left: string, right: string): number {
	const common = Math.min(left.length, right.length);
	for (let index = 0; index < common; index++) {
		const one = left.charCodeAt(index);
		const other = right.charCodeAt(index);
		if (one !== other) return rank(one) - rank(other);
	}
	return left.length - right.length;
}

function rank(unit: number): number {
	return unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;
}
