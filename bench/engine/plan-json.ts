/** A plan as JSON, for a Worker that runs it without the others: bigints, typed arrays and what JSON has no number for are kept. */

const ARRAYS = { Uint8Array, Uint32Array, Float64Array, Int32Array };
type ArrayName = keyof typeof ARRAYS;

export function planToJson(plan: object): string {
	return JSON.stringify(plan, (_, value: unknown) => {
		if (typeof value === "bigint") return { $bigint: value.toString() };
		if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
		if (!ArrayBuffer.isView(value)) return value;
		const { buffer, byteOffset, byteLength } = value;
		const bytes = new Uint8Array(buffer, byteOffset, byteLength);
		return { $array: value.constructor.name, bytes: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") };
	});
}

/** @param text of {@link planToJson} */
export function planFromJson<Plan>(text: string): Plan {
	return JSON.parse(text, (_, value: unknown) => {
		if (value === null || typeof value !== "object") return value;
		if ("$bigint" in value) return BigInt(String(value.$bigint));
		if ("$number" in value) return Number(value.$number);
		if (!("$array" in value)) return value;
		const { $array: name, bytes: text } = value as { $array: ArrayName; bytes: string };
		const bytes = Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
		return new ARRAYS[name](bytes.buffer);
	}) as Plan;
}
