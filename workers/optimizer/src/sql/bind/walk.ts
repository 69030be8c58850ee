/** What can be read off a statement's syntax tree before it is bound: the tables to look up and the parameters to expect. */

/** Names of all relations, those of WITH queries among them (which the catalog does not know). */
export function relationNames(tree: unknown): string[] {
	const names = new Set<string>();
	visit(tree, (kind, body) => {
		const reference = body as { relname?: string; schemaname?: string };
		const isRelation = kind === "RangeVar" || kind === "relation";
		if (!isRelation || typeof reference.relname !== "string") return;
		if (reference.schemaname === undefined || reference.schemaname === "public") names.add(reference.relname);
	});
	return [...names];
}

/** The highest n of any $n. */
export function parameterCount(tree: unknown): number {
	let highest = 0;
	visit(tree, (kind, body) => {
		if (kind === "ParamRef") highest = Math.max(highest, (body as { number?: number }).number ?? 0);
	});
	return highest;
}

function visit(tree: unknown, see: (kind: string, body: object) => void): void {
	const pending: unknown[] = [tree];
	while (pending.length > 0) {
		const node = pending.pop();
		if (Array.isArray(node)) {
			for (const item of node) pending.push(item);
			continue;
		}
		if (typeof node !== "object" || node === null) continue;
		for (const [kind, body] of Object.entries(node)) {
			if (typeof body !== "object" || body === null) continue;
			if (!Array.isArray(body)) see(kind, body);
			pending.push(body);
		}
	}
}
