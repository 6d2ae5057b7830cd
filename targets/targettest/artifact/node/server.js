// A linear model behind Fastify on the port that the image exposes, whatever PORT says.
const fastify = require("fastify")();
const model = require("./model.json");

fastify.get("/health", async () => ({ status: "ok" }));

fastify.post("/predict", async (request) => {
  const scores = model.weights.map((row, i) => row.reduce((sum, w, j) => sum + w * request.body.features[j], model.bias[i]));
  return { label: scores.indexOf(Math.max(...scores)) };
});

fastify.get("/report", async () => ({
  Env: Object.entries(process.env).map(([key, value]) => `${key}=${value}`),
  Dir: process.cwd(),
  UID: process.getuid(),
  GID: process.getgid(),
  Groups: process.getgroups(),
}));

fastify.post("/burn", async (request) => {
  const began = process.cpuUsage();
  for (let spent = 0; spent < Number(request.query.ms) * 1000; ) {
    const used = process.cpuUsage(began);
    spent = used.user + used.system;
  }
  return {};
});

process.on("SIGTERM", () => process.exit(0));
fastify.listen({ host: "0.0.0.0", port: 18473 });
