/** Numbers that a deployment may replace by a text binding: `{"name": value, ...}` as JSON. */

/**
 * @param text absent: the defaults stand
 * @throws Error for what is no JSON object, an unknown name, or a value that is no positive number
 */
export function overridden<Numbers extends Record<string, number>>(defaults: Numbers, text: string | undefined): Numbers {
	if (text === undefined) return defaults;
	const replaced: unknown = JSON.parse(text);
	if (typeof replaced !== "object" || replaced === null) throw new Error("a JSON object is expected");
	for (const [name, value] of Object.entries(replaced)) {
		if (!Object.hasOwn(defaults, name)) throw new Error(`"${name}" is none of ${Object.keys(defaults).join(", ")}`);
		if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) throw new Error(`"${name}" must be a positive number`);
	}
	return { ...defaults, ...replaced };
}
