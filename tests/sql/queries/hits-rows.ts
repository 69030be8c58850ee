/** Rows for the ClickBench shapes: made from a seed, skewed, with the values that the queries' filters look for. Synthetic, not Yandex's data. */
import type { Random } from "../random.ts";
import { HITS_COLUMNS } from "./clickbench.ts";

const HOSTS = ["google.com", "www.google.ru", "example.org", "news.site", "www.shop.example", "maps.google.de"];
const PHRASES = ["buy a boat", "weather", "tide tables", "купить лодку", "harbour", "edge of the lake", "lighthouse"];
const MODELS = ["iPad", "Galaxy", "Lumia 800", "N95"];

/** Some columns have a meaning to the queries; the rest get small skewed values of their type. */
const MAKERS: Record<string, (random: Random, row: number) => string | number> = {
	WatchID: (random, row) => `${4_000_000_000_000_000_000n + BigInt(row) * 7n + BigInt(random.below(2))}`,
	UserID: (random) =>
		random.chance(0.0005) ? "435090932899640449" : `${(BigInt(random.skewed(20_000)) * 99_999_999_977n) % 9_000_000_000_000_000_000n}`,
	EventTime: (random) => timestamp(random),
	ClientEventTime: (random) => timestamp(random),
	LocalEventTime: (random) => timestamp(random),
	EventDate: (random) => `2013-07-${two(random.between(1, 31))}`,
	CounterID: (random) => (random.chance(0.3) ? 62 : random.skewed(500)),
	RegionID: (random) => random.skewed(300),
	AdvEngineID: (random) => (random.chance(0.05) ? random.between(1, 20) : 0),
	SearchEngineID: (random) => (random.chance(0.2) ? random.between(1, 5) : 0),
	ResolutionWidth: (random) => random.pick([1024, 1280, 1366, 1920, 0]),
	Title: (random) => (random.chance(0.1) ? "" : `${random.chance(0.1) ? "Google " : ""}Page ${random.skewed(900)}`),
	URL: (random) => (random.chance(0.05) ? "" : `http://${random.pick(HOSTS)}/path/${random.skewed(2000)}`),
	Referer: (random) => (random.chance(0.2) ? "" : `${random.pick(["http", "https"])}://${random.pick(HOSTS)}/ref/${random.skewed(100)}`),
	SearchPhrase: (random) => (random.chance(0.8) ? "" : `${random.pick(PHRASES)}${random.chance(0.5) ? "" : ` ${random.skewed(300)}`}`),
	MobilePhoneModel: (random) => (random.chance(0.9) ? "" : random.pick(MODELS)),
	MobilePhone: (random) => random.skewed(10),
	ClientIP: (random) => random.skewed(100_000) - 50_000,
	TraficSourceID: (random) => random.between(-1, 6),
	RefererHash: (random) => (random.chance(0.2) ? "3594120000172545465" : random.skewed(1_000_000)),
	URLHash: (random) => (random.chance(0.2) ? "2868770270353813622" : random.skewed(50)),
	IsLink: (random) => (random.chance(0.3) ? 1 : 0),
	IsDownload: (random) => (random.chance(0.02) ? 1 : 0),
	DontCountHits: (random) => (random.chance(0.1) ? 1 : 0),
	IsRefresh: (random) => (random.chance(0.2) ? 1 : 0),
	WindowClientWidth: (random) => random.pick([800, 1000, 1200]),
	WindowClientHeight: (random) => random.pick([600, 700]),
	HitColor: (random) => random.pick(["D", "5", "g"]),
};

const two = (value: number): string => String(value).padStart(2, "0");

function timestamp(random: Random): string {
	return `2013-07-${two(random.between(1, 31))} ${two(random.below(24))}:${two(random.below(60))}:${two(random.below(60))}`;
}

function plain(type: string): (random: Random) => string | number {
	if (type === "TEXT" || type.startsWith("VARCHAR")) return (random) => (random.chance(0.9) ? "" : `v${random.skewed(20)}`);
	return (random) => random.skewed(100);
}

/** CSV without a header; texts are quoted, nothing is NULL. */
export function hitsCsv(random: Random, rowCount: number): string {
	const makers = Object.entries(HITS_COLUMNS).map(([name, type]) => ({
		make: MAKERS[name] ?? plain(type),
		quoted: /TEXT|CHAR/.test(type),
	}));
	const lines: string[] = [];
	for (let row = 0; row < rowCount; row++) {
		lines.push(makers.map(({ make, quoted }) => (quoted ? `"${make(random, row)}"` : String(make(random, row)))).join(","));
	}
	return `${lines.join("\n")}\n`;
}

export const HITS_HEADER = `${Object.keys(HITS_COLUMNS)
	.map((name) => name.toLowerCase())
	.join(",")}\n`;
