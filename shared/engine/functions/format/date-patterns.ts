/** The patterns of dates and times, and the words they read and write. */
import { parseTemplate, patternTable, type TemplateNode } from "./template.ts";

/** Fields of the Gregorian calendar and of ISO weeks do not go together when a text is read. */
type Convention = "gregorian" | "iso";

export interface DatePattern {
	name: string;
	/** The name in capitals, HH for HH12, SSSS for SSSSS. */
	field: string;
	letters: "upper" | "capital" | "lower";
	/** Reads digits, so that digits behind it have to be counted. */
	digits: boolean;
	convention: Convention | null;
}

const DIGITS: Record<Convention | "none", string[]> = {
	gregorian: ["DDD", "DD", "D", "MM", "WW", "W", "Y,YYY", "YYYY", "YYY", "YY", "Y"],
	iso: ["IDDD", "ID", "IW", "IYYY", "IYY", "IY", "I"],
	none: "CC J Q HH24 HH12 HH MI SS SSSSS SSSS MS US TZM FF1 FF2 FF3 FF4 FF5 FF6".split(" "),
};
const WORDS: Record<"gregorian" | "none", string[]> = {
	gregorian: ["MONTH", "MON", "RM"],
	none: ["A.D.", "A.M.", "AD", "AM", "B.C.", "BC", "P.M.", "PM", "DAY", "DY", "FX", "OF", "TZH", "TZ"],
};
const FIELDS: Record<string, string> = { HH12: "HH", SSSSS: "SSSS", "B.C.": "A.D.", BC: "AD", "P.M.": "A.M.", PM: "AM" };
/** Names that are also written with a capital. */
const CAPITALS = ["Day", "Dy", "Month", "Mon"];

const spellings = (name: string, digits: boolean, convention: Convention | null): DatePattern[] => {
	const field = FIELDS[name] ?? name;
	return [
		{ name, field, letters: "upper", digits, convention },
		{ name: name.toLowerCase(), field, letters: "lower", digits, convention },
		...CAPITALS.filter((capital) => capital.toUpperCase() === name).map(
			(capital): DatePattern => ({ name: capital, field, letters: "capital", digits, convention }),
		),
	];
};

const TABLE = patternTable(
	[
		[DIGITS.gregorian, true, "gregorian"] as const,
		[DIGITS.iso, true, "iso"] as const,
		[DIGITS.none, true, null] as const,
		[WORDS.gregorian, false, "gregorian"] as const,
		[WORDS.none, false, null] as const,
	].flatMap(([names, digits, convention]) => names.flatMap((name) => spellings(name, digits, convention))),
);

export type DateTemplate = TemplateNode<DatePattern>[];
export const parseDateTemplate = (template: string): DateTemplate => parseTemplate(template, TABLE, true);

export const MONTHS = "January February March April May June July August September October November December".split(" ");
export const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/** December first, so that the longer of two that begin alike is met first. */
export const ROMAN_MONTHS = ["XII", "XI", "X", "IX", "VIII", "VII", "VI", "V", "IV", "III", "II", "I"];
export const abbreviated = (names: readonly string[]): string[] => names.map((name) => name.slice(0, 3));
