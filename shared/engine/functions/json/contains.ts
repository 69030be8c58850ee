/** `@>`: is one document part of another? Objects by their members, arrays by their elements in any order, scalars by value; an array contains its scalars too. */
import { LittoralError } from "#shared/base/errors.ts";
import { JSON_CONTAINMENT_STEP_COUNT_MAX } from "#shared/base/limits.ts";
import { jsonKey } from "#shared/contracts/values/json-order.ts";
import { jsonElements, jsonKind, jsonMembers } from "#shared/contracts/values/json-parts.ts";

/** @throws program_limit_exceeded where arrays of containers would be compared too often: their number is the product of both sides' */
export function containsJson(whole: string, part: string): boolean {
	return new Containment().root(whole, part);
}

class Containment {
	#stepCount = 0;

	root(whole: string, part: string): boolean {
		const kind = jsonKind(whole);
		const partKind = jsonKind(part);
		if (kind === "object" || partKind === "object") return kind === partKind && this.#object(whole, part);
		// A scalar document is an array of one, but contains no array.
		if (kind !== "array") return partKind !== "array" && jsonKey(whole) === jsonKey(part);
		return this.#array(whole, partKind === "array" ? jsonElements(part) : [part]);
	}

	#inside(whole: string, part: string): boolean {
		if (++this.#stepCount > JSON_CONTAINMENT_STEP_COUNT_MAX) {
			throw new LittoralError("program_limit_exceeded", "containment of jsonb takes too many comparisons");
		}
		const kind = jsonKind(whole);
		if (kind !== jsonKind(part)) return false;
		if (kind === "object") return this.#object(whole, part);
		if (kind === "array") return this.#array(whole, jsonElements(part));
		return jsonKey(whole) === jsonKey(part);
	}

	#object(whole: string, part: string): boolean {
		const members = new Map(jsonMembers(whole));
		return jsonMembers(part).every(([key, value]) => {
			const own = members.get(key);
			return own !== undefined && this.#inside(own, value);
		});
	}

	#array(whole: string, wanted: string[]): boolean {
		const elements = jsonElements(whole);
		const keys = new Set(elements.map(jsonKey));
		return wanted.every((element) => {
			if (keys.has(jsonKey(element))) return true;
			const kind = jsonKind(element);
			if (kind !== "array" && kind !== "object") return false;
			return elements.some((own) => jsonKind(own) === kind && this.#inside(own, element));
		});
	}
}
