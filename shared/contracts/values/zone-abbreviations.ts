/**
 * Abbreviations of time zones, as texts of timestamps and to_timestamp's TZ name them, with one offset each.
 * Source: PostgreSQL 18, timezonesets/Default (pg_timezone_abbrevs); those whose meaning changed over the years have today's.
 */

/** Minutes east of UTC, and who keeps them. */
const ABBREVIATIONS: readonly (readonly [minutes: number, names: string])[] = [
	[-660, "nut"],
	[-600, "ckt hst taht"],
	[-570, "mart"],
	[-540, "akst gamt"],
	[-480, "akdt pst"],
	[-420, "mst pdt"],
	[-360, "cst galt mdt"],
	[-300, "act cdt cot easst east est pet"],
	[-240, "amt ast bot edt gyt vet"],
	[-210, "nft nst"],
	[-180, "adt arst art bra brt clst clt fkst fkt gft pmst pyst pyt uyt wgt"],
	[-150, "ndt"],
	[-120, "brst fnt pmdt uyst wgst"],
	[-60, "azot egt fnst"],
	[0, "azost egst gmt uct ut utc wet z zulu"],
	[60, "bst cet met mez wat wetdst"],
	[120, "bdst cest cetdst eet ist mest mesz metdst sast"],
	[180, "eat eest eetdst fet idt msk volt"],
	[210, "irt"],
	[240, "amst azst azt gest get msd mut ret sct"],
	[270, "aft"],
	[300, "mawt must mvt pkt tft tjt tmt uzt yekt"],
	[330, "lkt"],
	[345, "npt"],
	[360, "almt bdt btt iot kgst kgt omsst omst pkst uzst xjt yekst"],
	[390, "mmt"],
	[420, "almst cxt davt ict krast krat novst novt wast"],
	[480, "awst bnt bort cct hkt irkst irkt myt pht sgt ulat wadt"],
	[525, "acwst"],
	[540, "awsst jayt jst kst pwt ulast wdt yakst yakt"],
	[570, "acst cast"],
	[600, "aest chut ddut kdt ligt mpt pgt trut vlast vlat yapt"],
	[630, "acdt acsst cadt lhst sadt"],
	[660, "aedt aesst kost lhdt magst magt pont vut"],
	[720, "anast anat fjt gilt mht nzst nzt petst pett tvt wakt wft"],
	[765, "chast"],
	[780, "fjst nzdt tkt tot"],
	[825, "chadt"],
	[840, "lint"],
];

const OFFSETS = new Map(ABBREVIATIONS.flatMap(([minutes, names]) => names.split(" ").map((name) => [name, minutes * 60] as const)));
/** PostgreSQL looks no further. */
const LENGTH_MAX = 10;

/** Seconds east of UTC, any letters; null for what is no abbreviation. */
export const zoneAbbreviationOffset = (name: string): number | null => OFFSETS.get(name.toLowerCase()) ?? null;

/** The longest abbreviation that the letters at the start of a text begin with. */
export function zoneAbbreviationPrefix(text: string): { offsetSeconds: number; length: number } | null {
	const letters = /^[a-z]*/i.exec(text)?.[0].slice(0, LENGTH_MAX) ?? "";
	for (let { length } = letters; length > 0; length--) {
		const offsetSeconds = zoneAbbreviationOffset(letters.slice(0, length));
		if (offsetSeconds !== null) return { offsetSeconds, length };
	}
	return null;
}
