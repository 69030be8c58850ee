/** The bare peer's first hop, where the gateway stands: it passes the body on, and does nothing else. */

interface Env {
	BACK: { append(name: string, body: ReadableStream<Uint8Array>): Promise<number> };
}

export default {
	async fetch(request, env): Promise<Response> {
		const sequence = await env.BACK.append(new URL(request.url).pathname, request.body as ReadableStream<Uint8Array>);
		return Response.json({ sequence });
	},
} satisfies ExportedHandler<Env>;
