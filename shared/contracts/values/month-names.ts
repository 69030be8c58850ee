/** Dates with the name of a month, as PostgreSQL reads them: `January 8, 1999`, `08-Jan-1999`, `1999-Jan-08`, `Wed Jan 3 10:00:00 2024`. */

const MONTH =
	"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAY = /^\s*(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs?(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)\b,?\s*/i;
const SEPARATOR = "[\\s,./-]+";
const NAMED = new RegExp(`\\b${MONTH}\\b`, "i");

/** Where year, month and day stand among the groups; what is left is kept behind the date. */
const FORMS: [form: RegExp, groups: { year: number; month: number; day: number; rest?: number }][] = [
	[new RegExp(`^\\s*(\\d{3,})${SEPARATOR}${MONTH}${SEPARATOR}(\\d{1,2})(?![\\d:])`, "i"), { year: 1, month: 2, day: 3 }],
	[new RegExp(`^\\s*(\\d{1,2})${SEPARATOR}${MONTH}${SEPARATOR}(\\d+)(?![\\d:])`, "i"), { year: 3, month: 2, day: 1 }],
	[new RegExp(`^\\s*${MONTH}${SEPARATOR}(\\d{1,2})${SEPARATOR}(\\d+)(?![\\d:])`, "i"), { year: 3, month: 1, day: 2 }],
	[new RegExp(`^\\s*${MONTH}\\s+(\\d{1,2})\\s+(\\d+:[\\d:.]+)\\s+(\\d{3,})\\b`, "i"), { year: 4, month: 1, day: 2, rest: 3 }],
];

/** The text with its month as a number, `year-month-day` or, for a year of two digits, `month/day/year`; any other as it is. */
export function withMonthNumber(text: string): string {
	if (!NAMED.test(text)) return text;
	const date = text.replace(WEEKDAY, "");
	for (const [form, groups] of FORMS) {
		const match = form.exec(date);
		if (match === null) continue;
		const month = MONTHS.indexOf((match[groups.month] as string).slice(0, 3).toLowerCase()) + 1;
		const [year, day] = [match[groups.year] as string, match[groups.day] as string];
		const numbers = year.length > 2 ? `${year}-${month}-${day}` : `${month}/${day}/${year}`;
		const rest = groups.rest === undefined ? "" : ` ${match[groups.rest]}`;
		return numbers + rest + date.slice(match[0].length);
	}
	return text;
}
