/** Named time zones through Intl, with PostgreSQL's choices where a local time does not exist or exists twice. */
import { LittoralError } from "#shared/base/errors.ts";

const formatters = new Map<string, Intl.DateTimeFormat>();
/** Named zones in use are few; names come from users, so the cache is bounded. */
const FORMATTER_COUNT_MAX = 64;

const FIXED_OFFSET = /^([+-])(\d{1,2})(?::?(\d{2}))?(?::?(\d{2}))?$/;
const UTC_NAMES = new Set(["utc", "gmt", "z", "zulu", "etc/utc", "universal"]);

/**
 * Seconds east of UTC that `zone` keeps at an instant.
 *
 * @param zone an IANA name, `UTC`, or an ISO offset such as `+02:00`
 * @throws invalid_parameter_value (22023) where no such zone is known
 */
export function zoneOffsetSeconds(zone: string, epochSeconds: number): number {
	if (UTC_NAMES.has(zone.toLowerCase())) return 0;
	const fixed = FIXED_OFFSET.exec(zone);
	if (fixed !== null) {
		const seconds = Number(fixed[2]) * 3600 + Number(fixed[3] ?? 0) * 60 + Number(fixed[4] ?? 0);
		return fixed[1] === "-" ? -seconds : seconds;
	}
	const parts = formatterOf(zone).formatToParts(epochSeconds * 1000);
	const field = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
	const year = parts.some((part) => part.type === "era" && part.value.startsWith("B")) ? 1 - field("year") : field("year");
	const local = new Date(0);
	local.setUTCFullYear(year, field("month") - 1, field("day"));
	local.setUTCHours(field("hour") % 24, field("minute"), field("second"));
	return Math.round(local.getTime() / 1000 - Math.floor(epochSeconds));
}

/**
 * Seconds east of UTC for a local time. A time skipped in spring is read with the offset before, one that happens twice with the offset after.
 * @see PostgreSQL, DetermineTimeZoneOffset
 */
export function zoneOffsetOfLocal(zone: string, localSeconds: number): number {
	const day = 86_400;
	const before = zoneOffsetSeconds(zone, localSeconds - day);
	const after = zoneOffsetSeconds(zone, localSeconds + day);
	if (before === after) return before;
	const beforeHolds = zoneOffsetSeconds(zone, localSeconds - before) === before;
	const afterHolds = zoneOffsetSeconds(zone, localSeconds - after) === after;
	if (beforeHolds !== afterHolds) return beforeHolds ? before : after;
	return before < after ? before : after;
}

function formatterOf(zone: string): Intl.DateTimeFormat {
	const key = zone.toLowerCase();
	let formatter = formatters.get(key);
	if (formatter === undefined) {
		try {
			formatter = new Intl.DateTimeFormat("en-US", {
				timeZone: zone,
				era: "short",
				year: "numeric",
				month: "numeric",
				day: "numeric",
				hour: "numeric",
				minute: "numeric",
				second: "numeric",
				hourCycle: "h23",
			});
		} catch {
			throw new LittoralError("invalid_parameter_value", `time zone "${zone}" not recognized`);
		}
		if (formatters.size >= FORMATTER_COUNT_MAX) formatters.clear();
		formatters.set(key, formatter);
	}
	return formatter;
}
