/** `GET /docs` and `/docs/errors`: the API as pages for people, made from the OpenAPI document and from the one table of errors. */
import { z } from "@hono/zod-openapi";
import { html, raw } from "hono/html";
import { ERRORS } from "../problem.ts";
import { type App, serve } from "./define.ts";
import type { OpenApiDocument } from "./openapi.ts";

type Html = ReturnType<typeof raw>;

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 0.9em/1.5 ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.8rem 0.3rem 0; border-bottom: 1px solid #8884; }
article { margin: 2rem 0; } h3 code { font-size: 1rem; } :target { background: #fd04; }
`;

async function page(title: string, body: Html | Promise<Html>): Promise<string> {
	return String(
		await html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${raw(STYLE)}</style></head>
<body>${body}</body>
</html>`,
	);
}

/** The tables of errors; each code is the anchor that `type` of a problem names. */
function errorTables(): Html | Promise<Html> {
	const entries = [...ERRORS].toSorted(([, left], [, right]) => left.status - right.status);
	const rows = entries.map(
		([code, { status, title, description, sqlstate }]) =>
			html`<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${sqlstate ?? ""}</td><td>${title}. ${prose(description)}</td></tr>
`,
	);
	return html`<table><thead><tr><th>code</th><th>status</th><th>sqlstate</th><th>meaning</th></tr></thead><tbody>
${rows}</tbody></table>`;
}

/** Text in which backquotes mark code. */
function prose(text: string): (string | Html | Promise<Html>)[] {
	return text.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));
}

interface Operation {
	tags?: string[];
	summary?: string;
	description?: string;
	security?: Record<string, string[]>[];
	responses?: Record<string, { description?: string }>;
	requestBody?: { content?: Record<string, unknown> };
	parameters?: { name: string; in: string; description?: string }[];
}

const CREDENTIALS: Record<string, string> = {
	apiKey: "API key",
	accessToken: "access token",
	adminKey: "ADMIN_KEY",
	client: "client id and secret",
};

function credential({ security = [] }: Operation): string {
	const names = security.flatMap((requirement) => Object.keys(requirement)).map((name) => CREDENTIALS[name] ?? name);
	return names.length === 0 ? "none" : names.join(" or ");
}

function operationArticle(method: string, path: string, operation: Operation): Html | Promise<Html> {
	const answers = Object.entries(operation.responses ?? {}).map(
		([status, { description = "" }]) => html`<tr><td>${status}</td><td>${prose(description)}</td></tr>`,
	);
	const parameters = (operation.parameters ?? []).map(
		(parameter) => html`<tr><td><code>${parameter.name}</code> (${parameter.in})</td><td>${prose(parameter.description ?? "")}</td></tr>`,
	);
	const bodies = Object.keys(operation.requestBody?.content ?? {});
	return html`<article><h3><code>${method.toUpperCase()} ${path}</code></h3>
<p>${operation.summary ?? ""}. ${prose(operation.description ?? "")}</p>
<p>Credential: ${credential(operation)}.${bodies.length === 0 ? "" : ` Body: ${bodies.join(", ")}.`}</p>
<table>${parameters}${answers}</table></article>
`;
}

function operations(document: OpenApiDocument): { tag: string; article: Html | Promise<Html> }[] {
	return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
		Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({
			tag: operation.tags?.[0] ?? "",
			article: operationArticle(method, path, operation),
		})),
	);
}

function apiBody(document: OpenApiDocument): Html | Promise<Html> {
	const all = operations(document);
	const sections = (document.tags ?? []).map(
		({ name, description }) => html`<section><h2>${name}</h2><p>${description ?? ""}</p>
${all.filter(({ tag }) => tag === name).map(({ article }) => article)}</section>`,
	);
	return html`<h1>Littoral: the API</h1>
<p>${prose(document.info.description ?? "")} The same for programs: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).</p>
<p>Credentials travel as <code>Authorization: Bearer</code>. Every answer has <code>Request-Id</code>.</p>
${sections}
<h2 id="errors">Errors</h2>
<p>Errors are <code>application/problem+json</code> (RFC 9457); <code>code</code> is stable.</p>
${errorTables()}`;
}

function htmlResponse(text: string): Response {
	return new Response(text, {
		headers: {
			"Content-Type": "text/html; charset=utf-8",
			"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
			"Cache-Control": "public, max-age=300",
		},
	});
}

export function docsRoutes(app: App, document: () => OpenApiDocument): void {
	const answers = { 200: { description: "A page.", content: { "text/html": { schema: z.string() } } } };
	serve(app, { method: "get", path: "/docs", access: "public", tag: "Description", summary: "This API as a page", answers }, async () =>
		htmlResponse(await page("Littoral: the API", apiBody(document()))),
	);
	serve(
		app,
		{ method: "get", path: "/docs/errors", access: "public", tag: "Description", summary: "Every error code", answers },
		async () => htmlResponse(await page("Littoral: errors", html`<h1>Errors</h1>${errorTables()}<p><a href="/docs">The API</a></p>`)),
	);
}
