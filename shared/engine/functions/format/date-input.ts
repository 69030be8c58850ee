/** to_date and to_timestamp, first half: each pattern of a template reads one field of the text. */
import { LittoralError } from "#shared/base/errors.ts";
import { zoneAbbreviationPrefix } from "#shared/contracts/values/zone-abbreviations.ts";
import { abbreviated, DAYS, type DatePattern, type DateTemplate, MONTHS, ROMAN_MONTHS } from "./date-patterns.ts";
import { invalidFormat, SourceText } from "./source-text.ts";
import { isSeparator, isSpace, type TemplatePattern } from "./template.ts";

/** What a text said. 0 is also what it did not say: a field may be read twice unless two values but 0 differ. */
export interface ReadFields {
	convention: DatePattern["convention"];
	twelveHours: boolean;
	pm: number;
	hour: number;
	minute: number;
	second: number;
	secondsOfDay: number;
	milliseconds: number;
	microseconds: number;
	/** Of the last FF1 to FF6; 0 without. */
	precision: number;
	/** From 1, Sunday. */
	weekday: number;
	dayOfYear: number;
	day: number;
	month: number;
	year: number;
	/** Digits of the year's pattern. */
	yearDigits: number;
	bc: number;
	century: number;
	/** Of the year, by the convention. */
	week: number;
	weekOfMonth: number;
	julian: number;
	/** 0 without TZH, TZM or OF. */
	zoneSign: -1 | 0 | 1;
	zoneHours: number;
	zoneMinutes: number;
	/** Seconds east of UTC of a zone's abbreviation; null without. */
	zoneOffset: number | null;
}
type NumberField = Exclude<keyof ReadFields, "convention" | "twelveHours" | "precision" | "zoneSign" | "zoneOffset">;

/** Patterns that read one number into one field. */
const NUMBERS: Record<string, NumberField> = {
	HH: "hour",
	HH24: "hour",
	MI: "minute",
	SS: "second",
	SSSS: "secondsOfDay",
	MM: "month",
	DD: "day",
	DDD: "dayOfYear",
	IDDD: "dayOfYear",
	D: "weekday",
	WW: "week",
	IW: "week",
	W: "weekOfMonth",
	CC: "century",
	J: "julian",
};
/** Digits that a pattern takes where that is not the length of its name. */
const WIDTHS: Record<string, number> = { HH: 2, HH24: 2, IDDD: 3, ID: 1, MS: 3, US: 6, TZ: 2, TZH: 2, TZM: 2, OF: 2 };
/** TH behind them is nothing. */
const WITHOUT_ORDINAL = ["FX", "DAY", "DY", "TZ", "TZH", "TZM", "OF"];
const YEAR_DIGITS: Record<string, number> = { YYYY: 4, IYYY: 4, YYY: 3, IYY: 3, YY: 2, IY: 2, Y: 1, I: 1 };
const WORDS: Record<string, { field: NumberField; words: readonly string[]; value: (index: number) => number }> = {
	"A.M.": { field: "pm", words: ["a.m.", "p.m."], value: (index) => index },
	AM: { field: "pm", words: ["am", "pm"], value: (index) => index },
	"A.D.": { field: "bc", words: ["a.d.", "b.c."], value: (index) => index },
	AD: { field: "bc", words: ["ad", "bc"], value: (index) => index },
	MONTH: { field: "month", words: MONTHS, value: (index) => index + 1 },
	MON: { field: "month", words: abbreviated(MONTHS), value: (index) => index + 1 },
	RM: { field: "month", words: ROMAN_MONTHS, value: (index) => 12 - index },
};
const MILLENNIA = /[ \t\n\v\f\r]*([+-]?\d+),[ \t\n\v\f\r]*([+-]\d{1,2}|\d{1,3})/y;

/** Years of fewer than four digits lie near 2020. */
function nearestYear(year: number): number {
	if (year < 70) return year + 2000;
	if (year < 100) return year + 1900;
	if (year < 520) return year + 2000;
	return year < 1000 ? year + 1000 : year;
}

class DateReader {
	readonly fields: ReadFields = {
		convention: null,
		twelveHours: false,
		pm: 0,
		hour: 0,
		minute: 0,
		second: 0,
		secondsOfDay: 0,
		milliseconds: 0,
		microseconds: 0,
		precision: 0,
		weekday: 0,
		dayOfYear: 0,
		day: 0,
		month: 0,
		year: 0,
		yearDigits: 0,
		bc: 0,
		century: 0,
		week: 0,
		weekOfMonth: 0,
		julian: 0,
		zoneSign: 0,
		zoneHours: 0,
		zoneMinutes: 0,
		zoneOffset: null,
	};
	private readonly source: SourceText;
	private readonly template: DateTemplate;
	/** FX: nothing is skipped. */
	private exact = false;
	/** Characters skipped beyond those of the template. */
	private skipped = 0;

	constructor(text: string, template: DateTemplate) {
		this.source = new SourceText(text);
		this.template = template;
	}

	read(): ReadFields {
		for (let index = 0; index < this.template.length && !this.source.ended; index++) {
			const node = this.template[index] as DateTemplate[number];
			const isPattern = node.kind === "pattern";
			if (!this.exact && (isPattern ? node.pattern.field !== "FX" : index === 0)) this.skipped += this.source.skipSpaces();
			if (this.source.ended && !isPattern) break;
			if (node.kind === "space" || node.kind === "separator") this.separator();
			else if (!isPattern) this.character();
			else {
				this.setConvention(node.pattern.convention);
				this.pattern(node, this.endsByItself(index));
				if (!this.exact) this.skipped = this.source.skipSpaces();
			}
		}
		return this.fields;
	}

	/** One separator of the template is one in the text, whichever, or none. */
	private separator(): void {
		if (this.exact) return this.source.skipCharacter();
		const { character } = this.source;
		if (isSpace(character) || isSeparator(character)) this.source.skipCharacter();
		else this.skipped--;
	}

	/** One character of the template is one of the text, whichever; blanks that were skipped before count for it. */
	private character(): void {
		if (!this.exact && this.skipped > 0) this.skipped--;
		else this.source.skipCharacter();
	}

	private setConvention(convention: DatePattern["convention"]): void {
		if (convention === null) return;
		this.fields.convention ??= convention;
		if (this.fields.convention !== convention) {
			throw invalidFormat(
				"invalid combination of date conventions",
				"Do not mix Gregorian and ISO week date conventions in a formatting template.",
			);
		}
	}

	/** Whether a number ends where its digits do: no digit of the template follows it. */
	private endsByItself(index: number): boolean {
		const node = this.template[index] as TemplatePattern<DatePattern>;
		if (node.fill || node.ordinal !== null) return true;
		const next = this.template[index + 1];
		if (next === undefined) return true;
		return next.kind === "pattern" ? !next.pattern.digits : !/^\d$/.test(next.text);
	}

	private set(field: NumberField, value: number, name: string): void {
		if (this.fields[field] !== 0 && this.fields[field] !== value) {
			throw invalidFormat(`conflicting values for "${name}" field in formatting string`);
		}
		this.fields[field] = value;
	}

	private number(node: TemplatePattern<DatePattern>, field: NumberField, ends: boolean): number {
		const { pattern } = node;
		const { value, length } = this.source.whole(pattern.name, WIDTHS[pattern.field] ?? pattern.name.length, ends);
		this.set(field, value, pattern.name);
		return length;
	}

	private pattern(node: TemplatePattern<DatePattern>, ends: boolean): void {
		const { name, field } = node.pattern;
		const words = WORDS[field];
		const number = NUMBERS[field];
		if (words !== undefined) {
			this.set(words.field, words.value(this.source.word(name, words.words)), name);
			if (words.field === "pm") this.fields.twelveHours = true;
			return;
		}
		if (number !== undefined) {
			this.number(node, number, ends);
			if (field === "HH") this.fields.twelveHours = true;
		} else if (YEAR_DIGITS[field] !== undefined) this.year(node, ends);
		else this.rarePattern(node, ends);
		if (node.ordinal !== null && !WITHOUT_ORDINAL.includes(field)) {
			this.source.skipCharacter();
			this.source.skipCharacter();
		}
	}

	private year(node: TemplatePattern<DatePattern>, ends: boolean): void {
		const digits = YEAR_DIGITS[node.pattern.field] as number;
		const length = this.number(node, "year", ends);
		if (digits < 4 && length < 4) this.fields.year = nearestYear(this.fields.year);
		this.fields.yearDigits = digits;
	}

	private rarePattern(node: TemplatePattern<DatePattern>, ends: boolean): void {
		const { name, field } = node.pattern;
		const { fields, source } = this;
		switch (field) {
			case "FX":
				this.exact = true;
				return;
			case "MS":
				this.fraction(node, { field: "milliseconds", digits: 3, scale: 3 }, ends);
				return;
			case "US":
			case "FF1":
			case "FF2":
			case "FF3":
			case "FF4":
			case "FF5":
			case "FF6":
				if (field !== "US") fields.precision = Number(field.slice(2));
				this.fraction(node, { field: "microseconds", digits: field === "US" ? 6 : fields.precision, scale: 6 }, ends);
				return;
			case "DAY":
			case "DY":
				this.set("weekday", source.word(name, field === "DAY" ? DAYS : abbreviated(DAYS)), name);
				fields.weekday++;
				return;
			case "ID":
				this.number(node, "weekday", ends);
				if (++fields.weekday > 7) fields.weekday = 1;
				return;
			case "Q":
				// Which day of a quarter is meant nobody knows.
				source.whole(name, 1, ends);
				return;
			case "Y,YYY":
				this.millennia(name);
				return;
			case "TZH":
				this.zoneSign();
				this.number(node, "zoneHours", ends);
				return;
			case "TZM":
				if (fields.zoneSign === 0) fields.zoneSign = 1;
				this.number(node, "zoneMinutes", ends);
				return;
			default:
				this.zone(node, ends);
		}
	}

	/** Digits behind a point: 25 is 0.25 seconds, 025 is 0.025. */
	private fraction(node: TemplatePattern<DatePattern>, of: { field: NumberField; digits: number; scale: number }, ends: boolean): void {
		const { value, length } = this.source.whole(node.pattern.name, of.digits, ends);
		this.set(of.field, value, node.pattern.name);
		this.fields[of.field] *= 10 ** Math.max(0, of.scale - length);
	}

	private millennia(name: string): void {
		const match = this.source.take(MILLENNIA);
		if (match === null) throw invalidFormat(`invalid value "${this.source.rest}" for "${name}"`);
		const year = Number(match[1]) * 1000 + Number(match[2]);
		if (Math.abs(year) > 2_147_483_647) {
			throw new LittoralError("datetime_field_overflow", `value for "${name}" in source string is out of range`);
		}
		this.set("year", year, name);
		this.fields.yearDigits = 4;
	}

	/** A minus may have been taken for a separator. */
	private zoneSign(): void {
		const { character } = this.source;
		if (character === "+" || character === "-" || character === " ") {
			this.fields.zoneSign = character === "-" ? -1 : 1;
			this.source.skipCharacter();
		} else this.fields.zoneSign = this.skipped > 0 && this.source.previous === "-" ? -1 : 1;
	}

	private zone(node: TemplatePattern<DatePattern>, ends: boolean): void {
		const { name, field } = node.pattern;
		if (field === "TZ") {
			const found = zoneAbbreviationPrefix(this.source.rest);
			if (found !== null) {
				this.fields.zoneOffset = found.offsetSeconds;
				this.fields.zoneSign = 0;
				this.source.position += found.length;
				return;
			}
			if (/^[a-z]$/i.test(this.source.character)) throw invalidFormat(`invalid value "${this.source.rest}" for "${name}"`);
		}
		this.zoneSign();
		this.number(node, "zoneHours", ends);
		if (this.source.character === ":") {
			this.source.skipCharacter();
			this.number(node, "zoneMinutes", ends);
		}
	}
}

/** @throws 22007, 22008 */
export const readFields = (text: string, template: DateTemplate): ReadFields => new DateReader(text, template).read();
