/** The automaton against re2js, whose program it runs: what matches, where, and with which groups. */
import type { PlanStatement } from "#shared/contracts/plan/physical.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { VectorBuilder } from "#shared/engine/vector/builder.ts";
import { readValue } from "#shared/engine/vector/read.ts";
import type { FlatVector } from "#shared/engine/vector/vector.ts";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { expect, test } from "vitest";
import type { KernelCall } from "../../kernel.ts";
import { replaceMatches } from "../regexp.ts";
import { type Piece, RegexpRunner } from "./run.ts";

const engine = createEngine({ pageCount: 64 });

interface Subject {
	texts: readonly string[];
	/** Every second row is live. */
	halved: boolean;
}

/** What `run` makes of the live rows; null where it leaves them to re2js. */
function valuesOf({ texts, halved }: Subject, run: (call: KernelCall, text: FlatVector) => FlatVector | null): unknown[] | null {
	const lease = new Lease(engine.arena, { owner: "test" });
	try {
		const region = lease.region();
		const builder = new VectorBuilder(engine, region, { kind: "text" }, texts.length);
		for (const text of texts) builder.append(text);
		const live = texts.flatMap((_, row) => (halved && row % 2 === 1 ? [] : [row]));
		const selection = halved ? region.allocate(live.length * 2) : 0;
		if (halved) engine.arena.views.u16.set(live, selection / 2);
		const rows = { rowCount: texts.length, selection, count: live.length };
		const result = run({ engine, region, statement: {} as PlanStatement, rows }, builder.finish());
		return result === null ? null : live.map((row) => readValue(engine, result, row));
	} finally {
		lease.release();
	}
}

const liveTexts = ({ texts, halved }: Subject): string[] => texts.filter((_, row) => !halved || row % 2 === 0);

/** Compares both, and says which of the two questions kernels answered. */
function compare(expression: RE2JS, subject: Subject, pieces: Piece[]): { tested: boolean; replaced: boolean } {
	const runner = new RegexpRunner();
	const context = `${expression.pattern()} of ${JSON.stringify(subject.texts)}`;
	const tested = valuesOf(subject, (call, text) => runner.test(call, text, expression, 0));
	if (tested !== null) expect(tested, context).toEqual(liveTexts(subject).map((text) => expression.matcher(text).find()));
	const replaced = valuesOf(subject, (call, text) => runner.replaceFirst(call, text, expression, pieces));
	if (replaced !== null) {
		expect(replaced, context).toEqual(liveTexts(subject).map((text) => replaceMatches(expression, text, { pieces, from: 0, only: 1 })));
	}
	return { tested: tested !== null, replaced: replaced !== null };
}

const LITERALS = ["a", "b", "k", "S", "é", "ж", "😀", "\\.", "/", "\n", "ab", "", "ſ"];
const SETS = [".", "[^a]", "[a-c]", "[^é/]", "[а-яё]", "\\d", "\\w", "\\S", "[^\\w]", "[😀-😆]", "[[:alpha:]]", "[k-s]"];
const QUANTIFIERS = ["*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?", "??"];
const { pattern } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
	part: fc.oneof(
		{ maxDepth: 2, withCrossShrink: true },
		fc.constantFrom(...LITERALS, ...SETS, "^", "$"),
		fc
			.tuple(fc.constantFrom(...LITERALS.slice(0, 6), ...SETS), fc.constantFrom(...QUANTIFIERS))
			.map(([atom, quantifier]) => atom + quantifier),
		tie("pattern").map((inner) => `(${inner})`),
		fc.tuple(tie("pattern"), fc.constantFrom(...QUANTIFIERS)).map(([inner, quantifier]) => `(${inner})${quantifier}`),
		fc.tuple(tie("pattern"), tie("pattern")).map(([one, other]) => `(?:${one}|${other})`),
		fc.tuple(tie("pattern"), tie("pattern")).map(([one, other]) => `(${one}|(${other}))*`),
	),
	pattern: fc.array(tie("part"), { minLength: 1, maxLength: 3 }).map((parts) => parts.join("")),
}));
const text = fc.array(
	fc.constantFrom("a", "b", "k", "K", "s", "é", "É", "ж", "ё", "😀", "😅", ".", "/", "\n", "1", " ", "ſ", "\u212a", "c"),
	{ maxLength: 9 },
);
const NAMED_GROUPS: Piece[] = ["<", 1, "|", 2, "¦", 0, 3, ">"];

test("texts match as re2js says, and the first match and its groups are replaced as by re2js", () => {
	const taken = { tested: 0, replaced: 0, compiled: 0 };
	fc.assert(
		fc.property(
			pattern,
			fc.array(
				text.map((parts) => parts.join("")),
				{ minLength: 1, maxLength: 12 },
			),
			fc.record({ ignoreCase: fc.boolean(), dotAll: fc.boolean(), longest: fc.boolean(), atEnd: fc.boolean(), halved: fc.boolean() }),
			(source, texts, { ignoreCase, dotAll, longest, atEnd, halved }) => {
				const flags = (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | (dotAll ? RE2JS.DOTALL : 0) | (longest ? RE2JS.LONGEST_MATCH : 0);
				let expression: RE2JS;
				try {
					expression = RE2JS.compile(atEnd ? `(?:${source})$` : source, flags);
				} catch {
					return; // Repetitions nested too deep.
				}
				const { tested, replaced } = compare(expression, { texts, halved }, NAMED_GROUPS);
				taken.compiled++;
				taken.tested += Number(tested);
				taken.replaced += Number(replaced);
			},
		),
		{ numRuns: 500 },
	);
	// What is left to re2js is the exception, but for the longest match of what may end anywhere.
	expect(taken.tested).toBeGreaterThan(taken.compiled * 0.7);
	expect(taken.replaced).toBeGreaterThan(taken.compiled * 0.4);
});

const URL = "^https?://(?:www\\.)?([^/]+)/.*$";
const TEXTS = [
	"http://www.ab.example/x/y",
	"https://é.example/",
	"http://www./",
	"ftp://a/b",
	"",
	"http:///",
	"http://www.",
	"http://a/\nb",
];

test("a web address's host is taken out of it by kernels", () => {
	const longest = RE2JS.compile(URL, RE2JS.DOTALL | RE2JS.LONGEST_MATCH);
	expect(compare(longest, { texts: TEXTS, halved: false }, [1])).toEqual({ tested: true, replaced: true });
	expect(compare(RE2JS.compile(URL), { texts: TEXTS, halved: true }, ["\\", 1, 1, "…", 2])).toEqual({ tested: true, replaced: true });
});

test.each([
	["words' ends", "\\ba", 0, "tested"],
	["lines", "^a$", RE2JS.MULTILINE, "tested"],
	["large sets", "\\pL+", 0, "tested"],
	["more states than are worth it", "c[ab]{12}a[ab]*$", 0, "tested"],
	["the longest match that may end anywhere", "(a|ab)(c|bcd)", RE2JS.LONGEST_MATCH, "replaced"],
] as const)("%s are left to re2js", (_, source, flags, left) => {
	let seed = 1;
	const letters = Array.from({ length: 4096 }, () => ((seed = Math.imul(seed, 1_103_515_245) + 12_345) & 0x10000 ? "a" : "b")).join("");
	const subject = { texts: ["abcd", `c${letters}`], halved: false };
	expect(compare(RE2JS.compile(source, flags), subject, [1])[left]).toBe(false);
});

test("a text too long to keep its states in memory is left to re2js, and one that is just short enough is not", () => {
	const long = (count: number): Subject => ({ texts: [`http://www.a.example/${"x".repeat(count)}`], halved: false });
	const expression = RE2JS.compile(URL);
	expect(compare(expression, long(32_000), [1]).replaced).toBe(true);
	expect(compare(expression, long(33_000), [1])).toEqual({ tested: true, replaced: false });
});
