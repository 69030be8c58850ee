import { expect, test } from "vitest";
import { RECENT_TEXT_COUNT_MAX, RECENT_TEXT_UNIT_COUNT_MAX } from "#shared/base/limits.ts";
import { RecentResults } from "./recent-results.ts";

test("results of texts that came lately are not computed again; old ones, long ones and those from before a clearing are", () => {
	const recent = new RecentResults();
	const computed: string[] = [];
	const ask = (text: string, mark: string): string =>
		recent.of(text, (given) => {
			computed.push(given);
			return `${mark}${given}`;
		});
	expect([ask("a", "1"), ask("a", "2"), ask("b", "3")]).toEqual(["1a", "1a", "3b"]);
	expect(computed.splice(0)).toEqual(["a", "b"]);
	const long = "x".repeat(RECENT_TEXT_UNIT_COUNT_MAX);
	expect([ask(long, "1"), ask(long, "2")]).toEqual([`1${long}`, `2${long}`]);
	expect(computed.splice(0)).toEqual([long, long]);
	for (let number = 0; number < RECENT_TEXT_COUNT_MAX; number++) ask(`n${number}`, "");
	computed.length = 0;
	expect([ask("a", "4"), ask("n5", "5")]).toEqual(["1a", "n5"]);
	expect(computed).toEqual([]);
	for (let number = 0; number < 2 * RECENT_TEXT_COUNT_MAX; number++) ask(`m${number}`, "");
	computed.length = 0;
	expect([ask("a", "6"), ask("n5", "7")]).toEqual(["6a", "7n5"]);
	recent.clear();
	expect(ask("a", "8")).toBe("8a");
	expect(computed).toEqual(["a", "n5", "a"]);
});
