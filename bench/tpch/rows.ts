/**
 * Rows of TPC-H's tables: its cardinalities, relations between keys, distributions and texts, from a generator of our own. Derived from TPC-H; neither these
 * rows nor any figure over them is a result of TPC-H.
 *
 * Every row (an order with its lines) has a generator of random numbers of its own, seeded by its key: `orders` and `lineitem` are made one after the other,
 * and agree without either being held.
 * @see https://www.tpc.org/tpch/ section 4.2.3
 */
import type { SqlValue } from "#shared/contracts/value.ts";
import { Random } from "../../tests/sql/random.ts";
import type { Texts } from "./texts.ts";
import { COLOURS, CONTAINERS, INSTRUCTIONS, MODES, NATIONS, PART_TYPES, PRIORITIES, REGIONS, SEGMENTS } from "./words.ts";

export interface TpchSource {
	scale: number;
	seed: number;
	texts: Texts;
}

const DAY_MS = 86_400_000;
const day = (year: number, month: number, date: number): number => Date.UTC(year, month - 1, date) / DAY_MS;
const FIRST_ORDER_DAY = day(1992, 1, 1);
const LAST_ORDER_DAY = day(1998, 8, 2);
/** The day on which the data was taken: later ones have not been shipped or received. */
const CURRENT_DAY = day(1995, 6, 17);
const ORDERS_PER_CUSTOMER = 10;
const SUPPLIERS_PER_PART = 4;
const LINES_MAX = 7;

/** Rows by table; `lineitem` has about four to an order. */
export function tpchCounts(scale: number): { suppliers: number; parts: number; customers: number; orders: number } {
	const count = (base: number): number => Math.max(1, Math.round(base * scale));
	const customers = count(150_000);
	return {
		suppliers: Math.max(SUPPLIERS_PER_PART, count(10_000)),
		parts: count(200_000),
		customers: Math.max(3, customers),
		orders: Math.max(3, customers) * ORDERS_PER_CUSTOMER,
	};
}

/** Salts, so that rows of two tables with one key differ. */
const SALTS = { supplier: 1, customer: 2, part: 3, partsupp: 4, order: 5 };
function randomOf(source: TpchSource, table: keyof typeof SALTS, key: number): Random {
	return new Random(Math.imul(key, 0x9e3779b1) ^ Math.imul(source.seed + SALTS[table], 0x85ebca6b));
}

const money = (cents: number): SqlValue => ({ coefficient: BigInt(cents), scale: 2 });
const numbered = (name: string, key: number): string => `${name}#${String(key).padStart(9, "0")}`;
const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ,";

function address(random: Random): string {
	let text = "";
	for (let left = random.between(10, 40); left > 0; left--) text += LETTERS[random.below(LETTERS.length)];
	return text;
}

function phone(random: Random, nation: number): string {
	return `${nation + 10}-${random.between(100, 999)}-${random.between(100, 999)}-${random.between(1000, 9999)}`;
}

/** Five in 10,000 suppliers have complaints in their comment, and five recommendations. */
const NOTED_PER_10000 = 5;

function supplierComment(random: Random, texts: Texts): string {
	const text = texts.piece(random, 25, 100);
	const noted = random.below(10_000);
	if (noted >= 2 * NOTED_PER_10000) return text;
	const filler = texts.piece(random, 0, 10);
	const note = `Customer${filler}${noted < NOTED_PER_10000 ? "Complaints" : "Recommends"}`;
	const start = random.below(Math.max(1, text.length - note.length));
	return (text.slice(0, start) + note + text.slice(start + note.length)).slice(0, 101);
}

/** In cents. */
const retailPrice = (part: number): number => 90_000 + (Math.floor(part / 10) % 20_001) + 100 * (part % 1000);

/** The `index`-th of a part's four suppliers. */
function supplierOf(part: number, index: number, supplierCount: number): number {
	const step = Math.floor(supplierCount / SUPPLIERS_PER_PART) + Math.floor((part - 1) / supplierCount);
	return ((part + index * step) % supplierCount) + 1;
}

/** Only the first 8 of every 32 keys are used. */
const orderKey = (index: number): number => Math.floor(index / 8) * 32 + (index % 8) + 1;

interface Order {
	key: number;
	row: SqlValue[];
	lines: SqlValue[][];
}

function makeOrder(source: TpchSource, index: number): Order {
	const { scale, texts } = source;
	const { customers, parts, suppliers } = tpchCounts(scale);
	const key = orderKey(index);
	const random = randomOf(source, "order", key);
	// Every third customer buys nothing.
	let customer = random.between(1, customers);
	while (customer % 3 === 0) customer = random.between(1, customers);
	const ordered = random.between(FIRST_ORDER_DAY, LAST_ORDER_DAY);
	const lineCount = random.between(1, LINES_MAX);
	const lines: SqlValue[][] = [];
	let [totalCents, shippedCount] = [0, 0];
	for (let line = 1; line <= lineCount; line++) {
		const part = random.between(1, parts);
		const quantity = random.between(1, 50);
		const [discount, tax] = [random.below(11), random.below(9)];
		const priceCents = quantity * retailPrice(part);
		const shipped = ordered + random.between(1, 121);
		const committed = ordered + random.between(30, 90);
		const received = shipped + random.between(1, 30);
		const isShipped = shipped <= CURRENT_DAY;
		shippedCount += Number(isShipped);
		totalCents += Math.round((priceCents * (100 - discount) * (100 + tax)) / 10_000);
		lines.push([
			BigInt(key),
			part,
			supplierOf(part, random.below(SUPPLIERS_PER_PART), suppliers),
			line,
			money(quantity * 100),
			money(priceCents),
			money(discount),
			money(tax),
			received > CURRENT_DAY ? "N" : random.pick(["R", "A"]),
			isShipped ? "F" : "O",
			shipped,
			committed,
			received,
			random.pick(INSTRUCTIONS),
			random.pick(MODES),
			texts.piece(random, 10, 43),
		]);
	}
	const row: SqlValue[] = [
		BigInt(key),
		customer,
		shippedCount === lineCount ? "F" : shippedCount === 0 ? "O" : "P",
		money(totalCents),
		ordered,
		random.pick(PRIORITIES),
		numbered("Clerk", random.between(1, Math.max(1, Math.round(1000 * scale)))),
		0,
		texts.piece(random, 19, 78),
	];
	return { key, row, lines };
}

function* counted(count: number, row: (key: number) => SqlValue[]): Generator<SqlValue[]> {
	for (let key = 1; key <= count; key++) yield row(key);
}

function* orders(source: TpchSource): Generator<Order> {
	for (let index = 0; index < tpchCounts(source.scale).orders; index++) yield makeOrder(source, index);
}

/** Rows of each table in the order of its columns, in their order of generation: by key, lines by order and number. */
export const TPCH_ROWS: Record<string, (source: TpchSource) => Iterable<SqlValue[]>> = {
	region: (source) =>
		counted(REGIONS.length, (key) => [
			key - 1,
			REGIONS[key - 1] as string,
			source.texts.piece(randomOf(source, "supplier", -key), 31, 115),
		]),
	nation: (source) =>
		counted(NATIONS.length, (key) => {
			const [name, region] = NATIONS[key - 1] as readonly [string, number];
			return [key - 1, name, region, source.texts.piece(randomOf(source, "customer", -key), 31, 114)];
		}),
	supplier: (source) =>
		counted(tpchCounts(source.scale).suppliers, (key) => {
			const random = randomOf(source, "supplier", key);
			const nation = random.below(NATIONS.length);
			const balance = random.between(-99_999, 999_999);
			return [
				key,
				numbered("Supplier", key),
				address(random),
				nation,
				phone(random, nation),
				money(balance),
				supplierComment(random, source.texts),
			];
		}),
	customer: (source) =>
		counted(tpchCounts(source.scale).customers, (key) => {
			const random = randomOf(source, "customer", key);
			const nation = random.below(NATIONS.length);
			return [
				key,
				numbered("Customer", key),
				address(random),
				nation,
				phone(random, nation),
				money(random.between(-99_999, 999_999)),
				random.pick(SEGMENTS),
				source.texts.piece(random, 29, 116),
			];
		}),
	part: (source) =>
		counted(tpchCounts(source.scale).parts, (key) => {
			const random = randomOf(source, "part", key);
			const colours = new Set<string>();
			while (colours.size < 5) colours.add(random.pick(COLOURS));
			const maker = random.between(1, 5);
			return [
				key,
				[...colours].join(" "),
				`Manufacturer#${maker}`,
				`Brand#${maker}${random.between(1, 5)}`,
				random.pick(PART_TYPES),
				random.between(1, 50),
				random.pick(CONTAINERS),
				money(retailPrice(key)),
				source.texts.piece(random, 5, 22),
			];
		}),
	partsupp: (source) => {
		const { parts, suppliers } = tpchCounts(source.scale);
		return counted(parts * SUPPLIERS_PER_PART, (number) => {
			const [part, index] = [Math.ceil(number / SUPPLIERS_PER_PART), (number - 1) % SUPPLIERS_PER_PART];
			const random = randomOf(source, "partsupp", number);
			return [
				part,
				supplierOf(part, index, suppliers),
				random.between(1, 9999),
				money(random.between(100, 100_000)),
				source.texts.piece(random, 49, 198),
			];
		});
	},
	*orders(source) {
		for (const { row } of orders(source)) yield row;
	},
	*lineitem(source) {
		for (const { lines } of orders(source)) yield* lines;
	},
};
