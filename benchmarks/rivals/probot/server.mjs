// The rival of benchmarks/intake.py: Probot's own server with a handler that does nothing.
// It verifies and parses each delivery, and keeps nothing. With a number of workers behind port
// and secret it is a cluster of so many, on one port, as Node's own module makes them.
import cluster from "node:cluster";
import { once } from "node:events";
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:net";
import { pino } from "pino";
import { Probot, Server } from "probot";

const [port, secret, workers] = process.argv.slice(2);
if (workers && cluster.isPrimary) {
  const free = Number(port) || (await freePort());
  const started = Array.from({ length: Number(workers) }, () => cluster.fork({ PORT: free }));
  await Promise.all(started.map((worker) => once(worker, "listening")));
  console.log(JSON.stringify({ port: free }));
} else {
  const server = await serve(Number(process.env.PORT || port) || (await freePort()));
  if (!workers) console.log(JSON.stringify({ port: server.port }));
}

async function serve(at) {
  // Without this it writes a line for each delivery, which would slow it.
  const log = pino({ level: "fatal" });
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const server = new Server({
    host: "127.0.0.1",
    port: at,
    webhookPath: "/webhook",
    log,
    Probot: Probot.defaults({ appId: 1, privateKey, secret, log }),
  });
  await server.load((app) => {
    app.on("issue_comment.created", async () => {});
  });
  await server.start();
  return server;
}

// Probot takes port 0 for "not said" and goes to 3000.
async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port: free } = probe.address();
  probe.close();
  await once(probe, "close");
  return free;
}
