/** Paths that do not exist, and methods that a path does not have. */
import { LittoralError } from "#shared/base/errors.ts";
import type { Handler } from "hono";
import type { AppEnv } from "../env.ts";
import type { App } from "../routes/define.ts";

interface Pattern {
	path: RegExp;
	methods: string[];
}

function patterns(app: App): Pattern[] {
	const methods = new Map<string, string[]>();
	for (const definition of app.openAPIRegistry.definitions) {
		if (definition.type !== "route") continue;
		const { path, method } = definition.route;
		const own = method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()];
		methods.set(path, [...(methods.get(path) ?? []), ...own]);
	}
	return [...methods].map(([path, own]) => ({
		path: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/{\w+}/g, "[^/]+")}$`),
		methods: own,
	}));
}

/** The last route, once every other is served: a route and not Hono's notFound, whose errors would pass by the middleware. */
export function notFound(app: App): Handler<AppEnv> {
	const known = patterns(app);
	return (context) => {
		const { pathname } = new URL(context.req.url);
		const methods = known.filter(({ path }) => path.test(pathname)).flatMap((pattern) => pattern.methods);
		if (methods.length === 0) throw new LittoralError("not_found", `there is nothing under ${pathname}`);
		context.header("Allow", methods.join(", "));
		throw new LittoralError("method_not_allowed", `${pathname} takes ${methods.join(", ")}`);
	};
}
