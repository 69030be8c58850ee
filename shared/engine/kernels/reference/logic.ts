/** Three-valued logic on JavaScript values. For tests only. */
export type Truth = boolean | null;

export function conjunction(values: Truth[]): Truth {
	if (values.includes(false)) return false;
	return values.includes(null) ? null : true;
}

export function disjunction(values: Truth[]): Truth {
	if (values.includes(true)) return true;
	return values.includes(null) ? null : false;
}
