/** Letter case by Unicode's simple mappings, one code point to one, as PostgreSQL's pg_c_utf8 has it. */

function isAscii(text: string): boolean {
	for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false;
	return true;
}

/** A mapping to several code points (ß to SS) is no simple one: the character stays. */
function mapPoints(text: string, map: (point: string) => string): string {
	let out = "";
	for (const point of text) {
		const mapped = map(point);
		out += Array.from(mapped).length === 1 ? mapped : point === "İ" ? "i" : point;
	}
	return out;
}

export function lowerCase(text: string): string {
	return isAscii(text) ? text.toLowerCase() : mapPoints(text, (point) => point.toLowerCase());
}

export function upperCase(text: string): string {
	return isAscii(text) ? text.toUpperCase() : mapPoints(text, (point) => point.toUpperCase());
}

/** Words are runs of letters and digits. */
export function initialCapitals(text: string): string {
	let inside = false;
	let out = "";
	for (const point of text) {
		out += inside ? lowerCase(point) : upperCase(point);
		inside = /[\p{L}\p{N}]/u.test(point);
	}
	return out;
}
