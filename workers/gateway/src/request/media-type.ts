/** Media types as headers carry them (RFC 9110, section 8.3.1). */

interface MediaType {
	/** Type and subtype, lower case. */
	essence: string;
	/** Names lower case, values unquoted. */
	parameters: ReadonlyMap<string, string>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const ESSENCE = new RegExp(`^\\s*(${TOKEN}/${TOKEN})\\s*`);
const PARAMETER = new RegExp(`^;\\s*(?:(${TOKEN})=(?:(${TOKEN})|"((?:[^"\\\\]|\\\\.)*)"))?\\s*`);

/** @returns null where `header` is absent or malformed */
export function mediaType(header: string | null): MediaType | null {
	const match = header === null ? null : ESSENCE.exec(header);
	if (header === null || match === null) return null;
	const parameters = new Map<string, string>();
	let rest = header.slice(match[0].length);
	while (rest !== "") {
		const parameter = PARAMETER.exec(rest);
		if (parameter === null) return null;
		const [whole, name, token, quoted] = parameter;
		if (name !== undefined) parameters.set(name.toLowerCase(), token ?? (quoted as string).replaceAll(/\\(.)/g, "$1"));
		rest = rest.slice(whole.length);
	}
	return { essence: (match[1] as string).toLowerCase(), parameters };
}

/** True for a type without a charset, or with one that UTF-8 covers. */
export function isUtf8(type: MediaType): boolean {
	const charset = type.parameters.get("charset");
	return charset === undefined || ["utf-8", "utf8", "us-ascii"].includes(charset.toLowerCase());
}
