/** Texts of TPC-H's grammar: a pool of sentences made once from a seed, of which every comment is a piece, as TPC-H's own generator has it. */
import { Random } from "../../tests/sql/random.ts";
import { GRAMMAR } from "./words.ts";

const POOL_LENGTH = 4 * 1024 * 1024;

type Picker = (random: Random) => string;

function picker(entries: readonly (readonly [string, number])[]): Picker {
	const choices = entries.flatMap(([word, weight]) => Array.from({ length: weight }, () => word));
	return (random) => random.pick(choices);
}

const pick = {
	sentence: picker(GRAMMAR.sentence),
	N: picker(GRAMMAR.nounPhrase),
	V: picker(GRAMMAR.verbPhrase),
	n: picker(GRAMMAR.noun),
	v: picker(GRAMMAR.verb),
	j: picker(GRAMMAR.adjective),
	d: picker(GRAMMAR.adverb),
	p: picker(GRAMMAR.preposition),
	x: picker(GRAMMAR.auxiliary),
	T: picker(GRAMMAR.terminator),
};

/** "j, j n" to words. */
const phrase = (random: Random, form: string): string => form.replace(/[njdvx]/g, (kind) => pick[kind as "n"](random));

function sentence(random: Random): string {
	const parts = pick
		.sentence(random)
		.split(" ")
		.map((part) => {
			switch (part) {
				case "P":
					return `${pick.p(random)} the ${phrase(random, pick.N(random))}`;
				case "T":
					return pick.T(random);
				default:
					return phrase(random, pick[part as "N" | "V"](random));
			}
		});
	const terminator = parts.pop() as string;
	return parts.join(" ") + terminator;
}

export class Texts {
	readonly #pool: string;

	constructor(seed: number, poolLength = POOL_LENGTH) {
		const random = new Random(seed);
		const sentences: string[] = [];
		for (let length = 0; length < poolLength; ) {
			const next = sentence(random);
			sentences.push(next);
			length += next.length + 1;
		}
		this.#pool = sentences.join(" ");
	}

	/** A piece of the pool of `low` to `high` letters, likely to begin and to end inside a word. */
	piece(random: Random, low: number, high: number): string {
		const length = random.between(low, high);
		const start = random.below(this.#pool.length - length);
		return this.#pool.slice(start, start + length);
	}
}
