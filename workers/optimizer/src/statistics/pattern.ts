/**
 * The fraction of texts that a LIKE pattern keeps: frequent values are asked one by one; a pattern that begins with letters is a range of texts, which quantiles know; of the rest little is known.
 */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { textPlace } from "#shared/sketches/column-place.ts";
import type { ColumnDistribution } from "./column-distribution.ts";

/** A pattern of which nothing is known (PostgreSQL's DEFAULT_MATCH_SEL). */
const PATTERN_DEFAULT = 0.005;
/** Each literal character of a LIKE pattern (PostgreSQL's FIXED_CHAR_SEL). */
const PATTERN_CHARACTER = 0.2;
/**
 * Texts that contain something are seldom fewer, for people look for what there is: 0.0005 to 0.055 in the shapes of TPC-H and ClickBench, 0.014 in the geometric mean. PostgreSQL asks the values of
 * its histogram, which sketches do not keep.
 */
const PATTERN_MIN = 0.015;
/** First bytes of a text that quantiles tell apart, as `textPlace` does. */
const PLACED_BYTES = 6;
/** A pattern with more of these is not tried on values: the time that it takes may double with each. */
const WILDCARDS_TRIED_MAX = 4;

const encoder = new TextEncoder();

/** @param distribution null where the operand is no column, or one without sketches */
export function patternSelectivity(pattern: Expression | undefined, folded: boolean, distribution: ColumnDistribution | null): number {
	if (pattern?.kind !== "constant" || typeof pattern.value !== "string") return PATTERN_DEFAULT;
	const text = pattern.value;
	const literalCount = Math.min(Array.from(text.replaceAll(/[%_]/g, "")).length, 5);
	const guessed = Math.max(PATTERN_CHARACTER ** literalCount, PATTERN_MIN);
	if (distribution === null || text.includes("\\")) return guessed;
	if (!folded && !/[%_]/.test(text)) return distribution.equalTo(text, { kind: "text" }) ?? guessed;
	const prefix = folded ? "" : (/^[^%_]*/.exec(text) as RegExpExecArray)[0];
	const within = prefix === "" ? null : beginsWith(prefix, distribution);
	if (within !== null) {
		const isAll = /^%+$/.test(text.slice(prefix.length)) && encoder.encode(prefix).length <= PLACED_BYTES;
		return Math.max(within * (isAll ? 1 : PATTERN_CHARACTER), PATTERN_DEFAULT / 10);
	}
	const matches = matcher(text, folded);
	if (matches === null) return guessed;
	let [asked, matched] = [0, 0];
	for (const { text: value, fraction } of distribution.frequentTexts()) {
		asked += fraction;
		if (matches(value)) matched += fraction;
	}
	return matched + Math.max(0, 1 - asked) * guessed;
}

/** Texts between the prefix and the next one that does not begin so; null where nothing is known of the order. */
function beginsWith(prefix: string, distribution: ColumnDistribution): number | null {
	const bytes = encoder.encode(prefix).subarray(0, PLACED_BYTES);
	const first = textPlace(bytes);
	const [low, high] = [distribution.below(first, false), distribution.below(first + 256 ** (PLACED_BYTES - bytes.length), false)];
	return low === null || high === null ? null : Math.max(0, high - low);
}

function matcher(pattern: string, folded: boolean): ((text: string) => boolean) | null {
	const parts = pattern.split(/(%+|_)/);
	if (parts.filter((part) => part.startsWith("%")).length > WILDCARDS_TRIED_MAX) return null;
	const source = parts
		.map((part) => (part.startsWith("%") ? ".*" : part === "_" ? "." : part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&")))
		.join("");
	const compiled = new RegExp(`^${source}$`, folded ? "isu" : "su");
	return (text) => compiled.test(text);
}
