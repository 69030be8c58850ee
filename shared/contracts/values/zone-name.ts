/** Abbreviations of zones as PostgreSQL shows them (CET, EST, +03), from the host's names. */
import { zoneOffsetSeconds } from "./time-zone.ts";

/** English as it is spoken near a zone: elsewhere the host calls it GMT+1. */
const LOCALES = ["en-US", "en-GB", "en-AU", "en-ZA", "en-NZ"];
/** Zones of one offset whose names the host does not have. Source: the IANA time zone database. */
const NAMES = new Map(
	Object.entries({
		MSK: ["Europe/Moscow", "Europe/Simferopol"],
		IST: ["Asia/Kolkata", "Asia/Calcutta"],
		PKT: ["Asia/Karachi"],
		JST: ["Asia/Tokyo", "Japan"],
		KST: ["Asia/Seoul", "Asia/Pyongyang"],
		CST: ["Asia/Shanghai", "Asia/Taipei", "Asia/Macau", "PRC"],
		HKT: ["Asia/Hong_Kong", "Hongkong"],
		PST: ["Asia/Manila"],
		WIB: ["Asia/Jakarta", "Asia/Pontianak"],
		WITA: ["Asia/Makassar"],
		WIT: ["Asia/Jayapura"],
	}).flatMap(([name, zones]) => zones.map((zone) => [zone.toLowerCase(), name] as const)),
);

/**
 * The name of a zone at an instant.
 * @param zone as `zoneOffsetSeconds` takes it @param epochSeconds since 1970-01-01 UTC
 * @throws invalid_parameter_value (22023) where no such zone is known
 */
export function zoneNameAt(zone: string, epochSeconds: number): string {
	const offset = zoneOffsetSeconds(zone, epochSeconds);
	if (/^(?:utc|etc\/utc|universal|zulu|z)$/i.test(zone)) return "UTC";
	if (/^(?:etc\/)?gmt$/i.test(zone)) return "GMT";
	if (/^[+-]/.test(zone)) return offsetName(offset);
	const known = NAMES.get(zone.toLowerCase());
	if (known !== undefined) return known;
	for (const locale of LOCALES) {
		const format = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: "short" });
		const name = format.formatToParts(epochSeconds * 1000).find(({ type }) => type === "timeZoneName")?.value ?? "";
		// The time zone database has no GST: the Gulf keeps +04.
		if (/^[A-Z]+$/.test(name) && name !== "GST" && (name !== "GMT" || offset === 0)) return name;
	}
	return offsetName(offset);
}

function offsetName(offset: number): string {
	const magnitude = Math.abs(offset);
	const [hours, minutes] = [Math.floor(magnitude / 3600), Math.floor((magnitude % 3600) / 60)].map((part) => String(part).padStart(2, "0"));
	return `${offset < 0 ? "-" : "+"}${hours}${minutes === "00" ? "" : minutes}`;
}
