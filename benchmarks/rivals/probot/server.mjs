// The rival of benchmarks/intake.py: Probot's own server with a handler that does nothing.
// It verifies and parses each delivery, and keeps nothing.
import { generateKeyPairSync } from "node:crypto";
import { Probot, Server } from "probot";

const [port, secret] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const server = new Server({
  host: "127.0.0.1",
  port: Number(port),
  webhookPath: "/webhook",
  logLevel: "fatal",
  Probot: Probot.defaults({ appId: 1, privateKey, secret, logLevel: "fatal" }),
});
await server.load((app) => {
  app.on("issue_comment.created", async () => {});
});
const listening = await server.start();
const address = listening?.address?.() ?? server.address?.();
console.log(JSON.stringify({ port: address?.port ?? server.port }));
