/**
 * Values of the `hits` table: synthetic, not Yandex's data. Columns that ClickBench's queries look at have a distribution of their own, a value per row: texts and
 * users by Zipf's law, search phrases mostly empty. The others keep one skewed value for a batch, as columns of a table that is sorted by counter and time do.
 */
import type { SqlValue } from "#shared/contracts/value.ts";
import { Random } from "../../tests/sql/random.ts";

const DAY_MICROSECONDS = 86_400_000_000n;
const DAYS_1970_TO_JULY_2013 = Date.UTC(2013, 6, 1) / 86_400_000;
const JULY_DAY_COUNT = 31;

const WORDS =
	"avto banki bilety dacha detskaya dom film foto futbol igra kino knigi kvartira lodka market more muzyka novosti obuv odezhda otdyh pogoda prodazha rabota recept remont russkaya shkola skidki sport tehnika turizm video yahta zhurnal".split(
		" ",
	);
const TITLE_WORDS =
	"авто билеты вести восьмая дача детская дом единый журнал игры кино книги купить лодка маркет море музыка новости обувь одежда онлайн отдых погода продажа работа рецепт ремонт скидки спорт техника фильм фото футбол школа яхта".split(
		" ",
	);
const HOSTS = Array.from(
	{ length: 400 },
	(_, index) => `${WORDS[index % WORDS.length]}-${WORDS[(index * 7) % WORDS.length]}${index}.example`,
);
const PHONE_MODELS = ["iPad", "iPhone", "Galaxy", "Lumia 800", "N95", "Desire", "Xperia", "E71"];

/** What the queries look for. */
const SOUGHT_USER = 435_090_932_899_640_449n;
const SOUGHT_REFERER_HASH = 3_594_120_000_172_545_465n;
const SOUGHT_URL_HASH = 2_868_770_270_353_813_622n;
const SOUGHT_COUNTER = 62;

/** A rank from 1 to `count`: the nth is sought 1/n as often as the first. */
const zipf = (random: Random, count: number): number => Math.floor(Math.exp(random.fraction() * Math.log(count)));
/** 62 bits that a number stands for. */
const hashOf = (value: number): bigint => (BigInt(value) * 0x9e3779b97f4a7c15n) & 0x3fff_ffff_ffff_ffffn;
const word = (words: readonly string[], number: number): string => words[number % words.length] as string;
const pathOf = (rank: number): string => `${word(WORDS, rank)}/${word(WORDS, rank * 31)}_${word(WORDS, rank * 17)}/${rank}.html`;

/** About one page in 5,000 is of a host named like Google. */
const GOOGLE_EVERY = 5003;
function urlOf(rank: number): string {
	const host = rank % GOOGLE_EVERY === 3 ? `maps.google${rank % 2}.example` : HOSTS[rank % HOSTS.length];
	return `http://${host}/${pathOf(rank)}${rank % 3 === 0 ? `?from=${word(WORDS, rank * 13)}&session=${(rank * 2_654_435_761) % 1_000_003}` : ""}`;
}

function refererOf(rank: number): string {
	return `http${rank % 4 === 0 ? "s" : ""}://${rank % 2 === 0 ? "www." : ""}${HOSTS[(rank * 3) % HOSTS.length]}/${pathOf(rank * 5)}`;
}

function titleOf(rank: number): string {
	const google = rank % GOOGLE_EVERY === 5 ? "Google " : "";
	return `${google}${word(TITLE_WORDS, rank)} ${word(TITLE_WORDS, rank * 11)} ${word(TITLE_WORDS, rank * 29)} - ${word(TITLE_WORDS, rank * 5)} ${rank}`;
}

/** What one row's columns are derived from, so that they agree. */
interface Visit {
	row: number;
	/** Ranks; 0 is none. */
	user: number;
	url: number;
	referer: number;
	phrase: number;
	/** Microseconds since 1970. */
	atMicroseconds: bigint;
}

export interface BatchPlace {
	counter: number;
	random: Random;
	/** Distinct values grow with the table. */
	rowCount: number;
}

/** Empty search phrases: 87 of 100. */
const PHRASE_FRACTION = 0.13;

export function makeVisit({ random, rowCount }: BatchPlace, row: number): Visit {
	const second = random.below(JULY_DAY_COUNT * 86_400);
	return {
		row,
		user: zipf(random, Math.max(100, rowCount / 2)),
		url: zipf(random, Math.max(100, rowCount / 3)),
		referer: random.chance(0.2) ? 0 : zipf(random, Math.max(100, rowCount / 5)),
		phrase: random.chance(PHRASE_FRACTION) ? zipf(random, Math.max(100, rowCount / 10)) : 0,
		atMicroseconds: BigInt(DAYS_1970_TO_JULY_2013) * DAY_MICROSECONDS + BigInt(second) * 1_000_000n,
	};
}

/** Columns with a value of their own in every row, by name. */
export const ROW_COLUMNS: Record<string, (visit: Visit, place: BatchPlace) => SqlValue> = {
	WatchID: ({ row }) => hashOf(row + 1),
	Title: ({ url }) => (url % 12 === 0 ? "" : titleOf(url % 100_003)),
	EventTime: ({ atMicroseconds }) => atMicroseconds,
	EventDate: ({ atMicroseconds }) => Number(atMicroseconds / DAY_MICROSECONDS),
	ClientIP: ({ user }) => Number(hashOf(user) & 0xffff_ffffn) | 0,
	RegionID: ({ user }) => zipf(new Random(user), 5000),
	UserID: ({ user }) => (user === 1000 ? SOUGHT_USER : hashOf(user)),
	URL: ({ url }) => (url % 25 === 0 ? "" : urlOf(url)),
	Referer: ({ referer }) => (referer === 0 ? "" : refererOf(referer)),
	IsRefresh: (_, { random }) => Number(random.chance(0.15)),
	ResolutionWidth: ({ user }) => [1024, 1280, 1366, 1440, 1600, 1638, 1750, 1920, 0][user % 9] as number,
	MobilePhone: ({ user }) => (user % 20 === 7 ? 1 + (user % 12) : 0),
	MobilePhoneModel: ({ user }) => (user % 20 === 7 ? word(PHONE_MODELS, user) : ""),
	TraficSourceID: (_, { random }) => random.between(-1, 8),
	SearchEngineID: ({ phrase }) => (phrase === 0 ? 0 : 2 + (phrase % 4)),
	SearchPhrase: ({ phrase }) =>
		phrase === 0 ? "" : `${word(TITLE_WORDS, phrase)} ${word(TITLE_WORDS, phrase * 23)}${phrase % 3 === 0 ? ` ${phrase}` : ""}`,
	AdvEngineID: (_, { random }) => (random.chance(0.006) ? 2 + random.skewed(20) : 0),
	WindowClientWidth: ({ user }) => 800 + 8 * (user % 150),
	WindowClientHeight: ({ user }) => 500 + 4 * (user % 120),
	ClientEventTime: ({ atMicroseconds }, { random }) => atMicroseconds + BigInt(random.skewed(3600)) * 1_000_000n,
	IsLink: (_, { random }) => Number(random.chance(0.2)),
	IsDownload: (_, { random }) => Number(random.chance(0.01)),
	IsNotBounce: (_, { random }) => Number(random.chance(0.4)),
	DontCountHits: (_, { random }) => Number(random.chance(0.1)),
	RefererHash: ({ referer }) => (referer % 40 === 7 ? SOUGHT_REFERER_HASH : hashOf(referer)),
	URLHash: ({ url }) => (url % 40 === 7 ? SOUGHT_URL_HASH : hashOf(url)),
};

/** Of the rows in their order, 3 in 400 belong to the counter that seven queries are about. */
const SOUGHT_COUNTER_FROM = 0.18;
const SOUGHT_COUNTER_TO = 0.1875;
const COUNTER_COUNT = 10_000;

/** Rows come sorted by counter: few counters have most of them. @param part of the rows before the batch, and behind its end */
export function counterOf(part: { from: number; to: number }): number {
	if (part.to > SOUGHT_COUNTER_FROM && part.from < SOUGHT_COUNTER_TO) return SOUGHT_COUNTER;
	return Math.floor(part.from ** 3 * COUNTER_COUNT);
}

/** A column's value for a whole batch. */
export function batchValue(name: string, kind: string, { counter, random }: BatchPlace): SqlValue {
	if (name === "CounterID") return counter;
	switch (kind) {
		case "text":
		case "varchar":
			return random.chance(0.9) ? "" : `v${random.skewed(20)}`;
		case "char":
			return random.pick(["D", "5", "g"]);
		case "bigint":
			return BigInt(random.skewed(1000));
		case "timestamp":
			return BigInt(DAYS_1970_TO_JULY_2013 + random.below(JULY_DAY_COUNT)) * DAY_MICROSECONDS;
		default:
			return random.skewed(100);
	}
}
