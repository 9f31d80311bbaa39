// The rival of benchmarks/intake.py: Probot's own server with a handler that does nothing.
// It verifies and parses each delivery, and keeps nothing.
import { generateKeyPairSync } from "node:crypto";
import { pino } from "pino";
import { Probot, Server } from "probot";

// Without this it writes a line for each delivery, which would slow it.
const log = pino({ level: "fatal" });
const [port, secret] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const server = new Server({
  host: "127.0.0.1",
  port: Number(port) || (await freePort()),
  webhookPath: "/webhook",
  log,
  Probot: Probot.defaults({ appId: 1, privateKey, secret, log }),
});
await server.load((app) => {
  app.on("issue_comment.created", async () => {});
});
await server.start();
console.log(JSON.stringify({ port: server.port }));

// Probot takes port 0 for "not said" and goes to 3000.
async function freePort() {
  const { createServer } = await import("node:net");
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => probe.once("listening", done));
  const { port: free } = probe.address();
  await new Promise((done) => probe.close(done));
  return free;
}
