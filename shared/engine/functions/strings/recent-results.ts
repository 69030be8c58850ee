/**
 * What a function made of the texts that came lately: of texts that do not come as a dictionary many come again and again all the same, and a regular expression takes longer than
 * a look into a map. Two generations: when the younger is full it becomes the older, whose texts are forgotten but for those that are asked for again.
 */
import { RECENT_TEXT_COUNT_MAX, RECENT_TEXT_UNIT_COUNT_MAX } from "#shared/base/limits.ts";

export class RecentResults {
	#young = new Map<string, string>();
	#old = new Map<string, string>();

	/** The text's result, computed unless it is known. @param compute must give the same at every call until {@link clear} */
	of(text: string, compute: (text: string) => string): string {
		const young = this.#young.get(text);
		if (young !== undefined) return young;
		const result = this.#old.get(text) ?? compute(text);
		if (text.length + result.length > RECENT_TEXT_UNIT_COUNT_MAX) return result;
		if (this.#young.size >= RECENT_TEXT_COUNT_MAX) {
			this.#old = this.#young;
			this.#young = new Map();
		}
		this.#young.set(text, result);
		return result;
	}

	clear(): void {
		this.#young.clear();
		this.#old.clear();
	}
}
