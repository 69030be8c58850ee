/** Texts cut at a delimiter: string_to_array and string_to_table. */

/**
 * @param delimiter null: every character is a part; empty: the text is one part
 * @param nullText parts equal to it are NULL
 */
export function splitText(text: string, delimiter: string | null, nullText: string | null): (string | null)[] {
	if (text === "") return [];
	const parts = delimiter === null ? Array.from(text) : delimiter === "" ? [text] : text.split(delimiter);
	return nullText === null ? parts : parts.map((part) => (part === nullText ? null : part));
}
